//! A line chart as SVG, both axes logarithmic: what grows with what, and how fast.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// The least between two names of lines.
const LABEL: f64 = 15.0;
/// Colours that are told apart also by people who see few.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// One line of a chart.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// Positive numbers, from left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// A chart, and the words beside its axes.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// The powers of ten between which numbers lie.
#[derive(Debug, Clone, Copy)]
struct Decades {
    from: i32,
    to: i32,
}

impl Decades {
    fn around(numbers: impl Iterator<Item = f64>) -> Self {
        let logs: Vec<f64> = numbers.filter(|number| *number > 0.0).map(f64::log10).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min).floor();
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil();
        #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
        let (from, to) = if low.is_finite() {
            (low as i32, high as i32)
        } else {
            (0, 1)
        };
        Self {
            from,
            to: to.max(from + 1),
        }
    }

    /// From 0 to 1.
    fn place(self, number: f64) -> f64 {
        (number.log10() - f64::from(self.from)) / f64::from(self.to - self.from)
    }
}

/// Where numbers lie on the picture.
#[derive(Debug, Clone, Copy)]
struct Scale {
    across: Decades,
    up: Decades,
}

impl Scale {
    fn x(self, number: f64) -> f64 {
        LEFT + self.across.place(number) * (WIDTH - LEFT - RIGHT)
    }

    fn y(self, number: f64) -> f64 {
        HEIGHT - BOTTOM - self.up.place(number) * (HEIGHT - TOP - BOTTOM)
    }
}

impl Chart {
    /// The chart as a file.
    pub(crate) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| line.points.iter());
        let scale = Scale {
            across: Decades::around(points().map(|(x, _)| *x)),
            up: Decades::around(points().map(|(_, y)| *y)),
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}</text>\n",
            self.title
        );
        self.draw_grid(scale, &mut svg);
        self.draw_lines(scale, &mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_grid(&self, scale: Scale, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for decade in scale.across.from..=scale.across.to {
            let at = scale.x(10_f64.powi(decade));
            let _ = writeln!(
                svg,
                "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\">{}</text>",
                bottom + 18.0,
                told(decade)
            );
        }
        for decade in scale.up.from..=scale.up.to {
            let at = scale.y(10_f64.powi(decade));
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                told(decade)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 12.0,
            self.across,
            f64::midpoint(TOP, bottom),
            self.up
        );
    }

    fn draw_lines(&self, scale: Scale, svg: &mut String) {
        let mut ends = Vec::new();
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let places = line.points.iter().map(|(x, y)| (scale.x(*x), scale.y(*y)));
            let places: Vec<(f64, f64)> = places.collect();
            let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let _ = writeln!(
                svg,
                "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join("L")
            );
            for (x, y) in &places {
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
                );
            }
            ends.extend(places.last().map(|(_, y)| (y + 4.0, &line.name, colour)));
        }
        ends.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let mut free = f64::NEG_INFINITY;
        for (at, name, colour) in ends {
            let at = at.max(free);
            free = at + LABEL;
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{colour}\">{name}</text>",
                WIDTH - RIGHT + 8.0
            );
        }
    }
}

/// A power of ten for people.
fn told(decade: i32) -> String {
    match decade {
        0..=3 => format!("{}", 10_u32.pow(decade.unsigned_abs())),
        4 | 5 => format!("{}k", 10_u32.pow(decade.unsigned_abs() - 3)),
        6..=8 => format!("{}M", 10_u32.pow(decade.unsigned_abs() - 6)),
        _ => format!("{}", 10_f64.powi(decade)),
    }
}

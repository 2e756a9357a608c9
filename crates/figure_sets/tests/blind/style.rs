//! How a figure is written, after a sample: `$0,000.00`, `0.0%`, `$0.0M`, `+0.0 %`; `de:0.000,00 €` as in German;
//! `f:0.0%` for a fraction that is written in percent.

use jiff::civil::Date;

/// The style of a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    pub before: String,
    pub grouped: bool,
    pub decimals: usize,
    pub after: String,
    /// The comma is the decimal mark.
    pub german: bool,
    /// A fraction that is written in percent.
    pub fraction: bool,
}

impl Style {
    pub fn parse(sample: &str) -> Self {
        let (sample, fraction) = sample
            .strip_prefix("f:")
            .map_or((sample, false), |rest| (rest, true));
        let (sample, german) = sample
            .strip_prefix("de:")
            .map_or((sample, false), |rest| (rest, true));
        let start = sample.find('0').unwrap_or_else(|| panic!("no digit in {sample}"));
        let digits: &str = &sample[start..];
        let end = digits.find(|char| !"0,.".contains(char)).unwrap_or(digits.len());
        let core = if german {
            marks_exchanged(&digits[..end])
        } else {
            digits[..end].to_owned()
        };
        Self {
            before: sample[..start].to_owned(),
            grouped: core.contains(','),
            decimals: core.split_once('.').map_or(0, |(_, after)| after.len()),
            after: digits[end..].to_owned(),
            german,
            fraction,
        }
    }

    /// By how much a value is divided before it is written.
    pub fn scale(&self) -> f64 {
        if self.fraction {
            return 0.01;
        }
        match self.after.trim().trim_end_matches(" €") {
            "k" | "K" | "thousand" | "Tsd." => 1e3,
            "M" | "million" | "Mio." => 1e6,
            "B" | "billion" => 1e9,
            _ => 1.0,
        }
    }

    pub fn is_percent(&self) -> bool {
        self.after.trim() == "%"
    }

    pub fn write(&self, value: f64) -> String {
        let digits = format!("{:.*}", self.decimals, (value / self.scale()).abs());
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let mut written = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if self.grouped && at > 0 && (whole.len() - at) % 3 == 0 {
                written.push(',');
            }
            written.push(digit);
        }
        if !fraction.is_empty() {
            written = format!("{written}.{fraction}");
        }
        if self.german {
            written = marks_exchanged(&written);
        }
        let unsigned = self.before.trim_start_matches(['+', '−']);
        let sign = match (
            value < 0.0,
            self.before.starts_with('−'),
            self.before.starts_with('+'),
        ) {
            (true, true, _) => "−",
            (true, false, _) => "-",
            (false, true, _) | (false, _, true) => "+",
            _ => "",
        };
        format!("{sign}{unsigned}{written}{}", self.after)
    }

    /// One unit of the last digit that it writes.
    pub fn unit(&self) -> f64 {
        self.scale() / 10_f64.powi(i32::try_from(self.decimals).unwrap())
    }
}

/// Commas for points and points for commas.
fn marks_exchanged(text: &str) -> String {
    let exchange = |char| match char {
        ',' => '.',
        '.' => ',',
        other => other,
    };
    text.chars().map(exchange).collect()
}

/// A cell that is no number, in the style of a sample: `T` as it stands, else a date.
pub fn write_text(cell: &str, sample: &str) -> String {
    if sample == "T" {
        return cell.to_owned();
    }
    if sample.contains(":MM") {
        return time_of_day(cell, sample);
    }
    let day = format!("{cell}-01-01").chars().take(10).collect::<String>();
    let day: Date = day.parse().unwrap_or_else(|_| panic!("{cell} is no date"));
    let pattern = match sample {
        "YYYY" => "%Y",
        "MMMM" => "%B",
        "MMMM YYYY" => "%B %Y",
        "MMMM D" => "%B %-d",
        "MMMM D, YYYY" => "%B %-d, %Y",
        "D MMMM" => "%-d %B",
        "D MMMM YYYY" => "%-d %B %Y",
        "D MMM YYYY" => "%-d %b %Y",
        "YYYY-MM-DD" => "%Y-%m-%d",
        _ => panic!("no date style {sample}"),
    };
    day.strftime(pattern).to_string()
}

fn time_of_day(cell: &str, sample: &str) -> String {
    let clock = cell.split_once('T').map_or(cell, |(_, clock)| clock);
    let time: jiff::civil::Time = clock.trim_end_matches('Z').parse().unwrap();
    let pattern = match sample {
        "HH:MM" => "%H:%M",
        "h:MM A" => "%-I:%M %p",
        "H:MM:SS" => "%-H:%M:%S",
        _ => panic!("no time style {sample}"),
    };
    time.strftime(pattern).to_string()
}

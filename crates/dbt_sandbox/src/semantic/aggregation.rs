use super::fault::SemanticFault;
use super::manifest::ServedMeasure;

/// How the values of a measure become one.
#[derive(Debug, Clone)]
pub(super) struct MeasureFold {
    /// SQL of the values.
    pub(super) expression: String,
    kind: FoldKind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum FoldKind {
    Sum,
    Min,
    Max,
    Average,
    CountDistinct,
    Percentile { share: f64, discrete: bool },
}

impl MeasureFold {
    pub(super) fn of(measure: &ServedMeasure) -> Result<Self, SemanticFault> {
        let plain = measure.expr.as_deref().unwrap_or(&measure.name);
        let parameters = measure.agg_params.as_ref();
        let (expression, kind) = match measure.agg.as_str() {
            "sum" => (plain.to_owned(), FoldKind::Sum),
            // Both are sums, and so they are nothing where there are no rows.
            "count" => (
                format!("CASE WHEN {plain} IS NOT NULL THEN 1 ELSE 0 END"),
                FoldKind::Sum,
            ),
            "sum_boolean" => (format!("CASE WHEN {plain} THEN 1 ELSE 0 END"), FoldKind::Sum),
            "min" => (plain.to_owned(), FoldKind::Min),
            "max" => (plain.to_owned(), FoldKind::Max),
            "average" => (plain.to_owned(), FoldKind::Average),
            "count_distinct" => (plain.to_owned(), FoldKind::CountDistinct),
            "median" => (
                plain.to_owned(),
                FoldKind::Percentile {
                    share: 0.5,
                    discrete: false,
                },
            ),
            "percentile" => (
                plain.to_owned(),
                FoldKind::Percentile {
                    share: parameters.and_then(|of| of.percentile).unwrap_or(0.5),
                    discrete: parameters.is_some_and(|of| of.use_discrete_percentile),
                },
            ),
            other => {
                return Err(SemanticFault::new(format!(
                    "The sandbox does not know the aggregation {other} of the measure {}.",
                    measure.name
                )));
            }
        };
        Ok(Self { expression, kind })
    }

    /// Whether the values of parts can be put together.
    pub(super) fn is_additive(&self) -> bool {
        matches!(self.kind, FoldKind::Sum | FoldKind::Min | FoldKind::Max)
    }

    pub(super) fn sql(&self, value: &str) -> String {
        match self.kind {
            FoldKind::Sum => format!("SUM({value})"),
            FoldKind::Min => format!("MIN({value})"),
            FoldKind::Max => format!("MAX({value})"),
            FoldKind::Average => format!("AVG({value})"),
            FoldKind::CountDistinct => format!("COUNT(DISTINCT {value})"),
            FoldKind::Percentile { share, discrete } => {
                let function = if discrete {
                    "percentile_of_values"
                } else {
                    "percentile_between_values"
                };
                format!("{function}({value}, {share})")
            }
        }
    }
}

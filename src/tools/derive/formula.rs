//! Formulas of computed columns, as a model writes them: `revenue - cost`, `days_between(opened_at, closed_at)`.
//!
//! A formula is read into an [`Expression`] whose columns are places in a table, with the type of its values, so that what
//! does not fit is refused before any row is looked at. Names are looked up as everywhere else; a name with spaces stands in
//! quotes. Nothing else is a language here: no conditions, no nesting of results, no SQL.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::result::derive::{ArithmeticOperator, ElapsedUnit, EpochUnit, Expression, Granularity};
use crate::result::{Column, ColumnKind};
use crate::tools::check::{Rejection, held_column, quote};

/// Longest formula, in characters.
const MAX_CHARS: usize = 400;
/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 16;
/// How the functions are called.
const FUNCTIONS: &str = "days_between(from, to), hours_between, months_between, years_between, start_of_month(time), \
    start_of_day, start_of_quarter, start_of_year, start_of_hour, from_epoch(seconds), from_epoch_ms, \
    date(year, month, day), bucket(number, width), length(text)";

/// A formula that was read: what computes it, the type of its values, and it as it is written in canonical form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Formula {
    pub(super) expression: Expression,
    pub(super) kind: ColumnKind,
}

impl Formula {
    /// Reads a formula over these columns; `place` names the result in a refusal.
    pub(super) fn read(text: &str, columns: &[Column], place: &str) -> Result<Self, Rejection> {
        let length = text.chars().count();
        if length > MAX_CHARS {
            return Err(Rejection::bad_value(format!(
                "a formula has {length} characters; at most {MAX_CHARS} are allowed"
            ))
            .hint("compute a part of it first, as a column of its own"));
        }
        let tokens = tokens(text)?;
        let mut reader = FormulaReader {
            tokens: &tokens,
            at: 0,
            columns,
            place,
        };
        let formula = reader.sum(0)?;
        match reader.next() {
            None => Ok(formula),
            Some(token) => Err(FormulaReader::unexpected(Some(token))),
        }
    }
}

/// A piece of a formula.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(Decimal),
    /// A name without quotes: a column or a function.
    Word(String),
    /// What stands in quotes: a column or a day.
    Quoted(String),
    Sign(char),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Word(text) | Self::Quoted(text) => text.clone(),
            Self::Sign(sign) => sign.to_string(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Rejection> {
    let mut rest = text.chars().peekable();
    let mut found = Vec::new();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            '"' | '`' | '\'' => {
                let mut inner = String::new();
                loop {
                    match rest.next() {
                        Some(end) if end == c => break,
                        Some(next) => inner.push(next),
                        None => {
                            return Err(Rejection::bad_value(format!(
                                "the formula {} has a quote that does not end",
                                quote(text)
                            )));
                        }
                    }
                }
                found.push(Token::Quoted(inner));
            }
            '0'..='9' | '.' => {
                let mut digits = String::from(c);
                while let Some(next) = rest.next_if(|c| c.is_ascii_digit() || *c == '.') {
                    digits.push(next);
                }
                let number = Decimal::from_str_exact(&digits).map_err(|_| {
                    Rejection::bad_value(format!(
                        "the formula has {}, which is not a number",
                        quote(&digits)
                    ))
                })?;
                found.push(Token::Number(number));
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut word = String::from(c);
                while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
                    word.push(next);
                }
                found.push(Token::Word(word));
            }
            '+' | '-' | '*' | '/' | '(' | ')' | ',' => found.push(Token::Sign(c)),
            '−' => found.push(Token::Sign('-')),
            '×' => found.push(Token::Sign('*')),
            '÷' => found.push(Token::Sign('/')),
            other => {
                return Err(Rejection::bad_value(format!(
                    "the formula has {}, which means nothing there",
                    quote(&other.to_string())
                ))
                .hint("a formula has columns, numbers, + - * / ( ) and functions; conditions belong into filters")
                .hint(format!("the functions are: {FUNCTIONS}")));
            }
        }
    }
    Ok(found)
}

struct FormulaReader<'a> {
    tokens: &'a [Token],
    at: usize,
    columns: &'a [Column],
    place: &'a str,
}

impl<'a> FormulaReader<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    fn sign(&mut self, wanted: &[char]) -> Option<char> {
        match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) if wanted.contains(sign) => {
                self.at += 1;
                Some(*sign)
            }
            _ => None,
        }
    }

    fn unexpected(token: Option<&Token>) -> Rejection {
        match token {
            Some(token) => {
                Rejection::bad_value(format!("the formula cannot be read at {}", quote(&token.shown())))
            }
            None => Rejection::bad_value("the formula ends too early"),
        }
        .hint("a name with spaces stands in quotes: \"unit price\" * 2")
        .hint(format!("the functions are: {FUNCTIONS}"))
    }

    fn sum(&mut self, depth: usize) -> Result<Formula, Rejection> {
        let mut left = self.product(depth)?;
        while let Some(sign) = self.sign(&['+', '-']) {
            let right = self.product(depth)?;
            let operator = if sign == '+' {
                ArithmeticOperator::Add
            } else {
                ArithmeticOperator::Subtract
            };
            left = arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Formula, Rejection> {
        let mut left = self.value(depth)?;
        while let Some(sign) = self.sign(&['*', '/']) {
            let right = self.value(depth)?;
            let operator = if sign == '*' {
                ArithmeticOperator::Multiply
            } else {
                ArithmeticOperator::Divide
            };
            left = arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    fn value(&mut self, depth: usize) -> Result<Formula, Rejection> {
        if depth > MAX_DEPTH {
            return Err(Rejection::bad_value("the formula is nested too deep"));
        }
        match self.next() {
            Some(Token::Number(number)) => Ok(constant(*number)),
            Some(Token::Sign('-')) => {
                let value = self.value(depth + 1)?;
                arithmetic(ArithmeticOperator::Subtract, constant(Decimal::ZERO), value)
            }
            Some(Token::Sign('(')) => {
                let inner = self.sum(depth + 1)?;
                match self.sign(&[')']) {
                    Some(_) => Ok(inner),
                    None => Err(Self::unexpected(self.tokens.get(self.at))),
                }
            }
            Some(Token::Word(name)) if self.sign(&['(']).is_some() => {
                let arguments = self.arguments(depth)?;
                function(name, arguments)
            }
            Some(Token::Word(name)) => self.column(name),
            Some(Token::Quoted(text)) => match (self.column(text), text.trim().parse::<Date>()) {
                (Ok(column), _) => Ok(column),
                (Err(_), Ok(day)) => Ok(Formula {
                    expression: Expression::Day(day),
                    kind: ColumnKind::Date,
                }),
                (Err(rejection), Err(_)) => Err(rejection),
            },
            other => Err(Self::unexpected(other)),
        }
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Formula>, Rejection> {
        let mut arguments = Vec::new();
        if self.sign(&[')']).is_some() {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.sum(depth + 1)?);
            match self.sign(&[',', ')']) {
                Some(',') => {}
                Some(_) => return Ok(arguments),
                None => return Err(Self::unexpected(self.tokens.get(self.at))),
            }
        }
    }

    fn column(&self, name: &str) -> Result<Formula, Rejection> {
        let at = held_column(self.columns, name, self.place)?;
        let kind = self
            .columns
            .get(at)
            .map_or(ColumnKind::Other, |column| column.kind);
        Ok(Formula {
            expression: Expression::Column(at),
            kind,
        })
    }
}

fn constant(number: Decimal) -> Formula {
    Formula {
        expression: Expression::Number(number),
        kind: if number.is_integer() {
            ColumnKind::Integer
        } else {
            ColumnKind::Number
        },
    }
}

fn arithmetic(operator: ArithmeticOperator, left: Formula, right: Formula) -> Result<Formula, Rejection> {
    for side in [&left, &right] {
        if side.kind.is_temporal() {
            return Err(Rejection::bad_value("days and moments are not added or subtracted like numbers")
                .hint("for the time between two of them: days_between(from, to), or hours_, months_ or years_between"));
        }
        numeric("arithmetic", side)?;
    }
    let whole = left.kind == ColumnKind::Integer && right.kind == ColumnKind::Integer;
    Ok(Formula {
        kind: if whole && operator != ArithmeticOperator::Divide {
            ColumnKind::Integer
        } else {
            ColumnKind::Number
        },
        expression: Expression::Arithmetic(operator, Box::new(left.expression), Box::new(right.expression)),
    })
}

/// Numbers, and columns whose type is not known: their cells decide.
fn numeric(what: &str, formula: &Formula) -> Result<(), Rejection> {
    if formula.kind.is_numeric() || formula.kind == ColumnKind::Other {
        return Ok(());
    }
    Err(Rejection::bad_value(format!(
        "{what} takes numbers, not {}",
        formula.kind.word()
    )))
}

/// A function by its name, over its arguments.
fn function(name: &str, arguments: Vec<Formula>) -> Result<Formula, Rejection> {
    let lower = name.to_lowercase();
    let call = FunctionCall {
        name: &lower,
        arguments,
    };
    match lower.as_str() {
        "hours_between" => call.elapsed(ElapsedUnit::Hours),
        "days_between" => call.elapsed(ElapsedUnit::Days),
        "months_between" => call.elapsed(ElapsedUnit::Months),
        "years_between" | "age" => call.elapsed(ElapsedUnit::Years),
        "from_epoch" => call.epoch(EpochUnit::Seconds),
        "from_epoch_ms" => call.epoch(EpochUnit::Milliseconds),
        "date" => call.date(),
        "bucket" => call.number_bucket(),
        "length" => call.length(),
        other => {
            let granularity = other.strip_prefix("start_of_").and_then(|word| {
                Granularity::ALL
                    .into_iter()
                    .find(|granularity| granularity.word() == word)
            });
            match granularity {
                Some(granularity) => call.time_bucket(granularity),
                None => Err(
                    Rejection::bad_value(format!("there is no function {}", quote(name)))
                        .hint(format!("the functions are: {FUNCTIONS}")),
                ),
            }
        }
    }
}

/// A function with what stands in its brackets.
struct FunctionCall<'a> {
    name: &'a str,
    arguments: Vec<Formula>,
}

impl FunctionCall<'_> {
    fn takes(&self, wanted: &str) -> Rejection {
        Rejection::bad_value(format!("{} takes {wanted}", self.name))
            .hint(format!("the functions are: {FUNCTIONS}"))
    }

    fn numeric(&self) -> Result<(), Rejection> {
        self.arguments
            .iter()
            .try_for_each(|argument| numeric(self.name, argument))
    }

    fn temporal(&self) -> Result<(), Rejection> {
        let fits = |kind| matches!(kind, ColumnKind::Date | ColumnKind::Datetime | ColumnKind::Other);
        match self.arguments.iter().find(|argument| !fits(argument.kind)) {
            None => Ok(()),
            Some(wrong) => Err(Rejection::bad_value(format!(
                "{} takes days or moments, not {}",
                self.name,
                wrong.kind.word()
            ))
            .hint("a day in quotes is one: \"2026-05-31\"; from_epoch and date make one of numbers")),
        }
    }

    fn elapsed(self, unit: ElapsedUnit) -> Result<Formula, Rejection> {
        self.temporal()?;
        let [from, to] = self.arguments.as_slice() else {
            return Err(self.takes("two times, the earlier first"));
        };
        let (from, to) = (Box::new(from.expression.clone()), Box::new(to.expression.clone()));
        Ok(Formula {
            expression: Expression::Elapsed { unit, from, to },
            kind: ColumnKind::Number,
        })
    }

    fn epoch(self, unit: EpochUnit) -> Result<Formula, Rejection> {
        self.numeric()?;
        let [of] = self.arguments.as_slice() else {
            return Err(self.takes("one number"));
        };
        Ok(Formula {
            expression: Expression::FromEpoch(unit, Box::new(of.expression.clone())),
            kind: ColumnKind::Datetime,
        })
    }

    fn time_bucket(self, granularity: Granularity) -> Result<Formula, Rejection> {
        self.temporal()?;
        let [of] = self.arguments.as_slice() else {
            return Err(self.takes("one day or moment"));
        };
        Ok(Formula {
            expression: Expression::TimeBucket(granularity, Box::new(of.expression.clone())),
            kind: granularity.kind(),
        })
    }

    fn date(self) -> Result<Formula, Rejection> {
        self.numeric()?;
        let parts: Vec<Box<Expression>> = self
            .arguments
            .iter()
            .map(|part| Box::new(part.expression.clone()))
            .collect();
        let (year, month, day) = match parts.as_slice() {
            [year, month] => (year.clone(), month.clone(), None),
            [year, month, day] => (year.clone(), month.clone(), Some(day.clone())),
            _ => return Err(self.takes("year, month and, if there is one, day")),
        };
        Ok(Formula {
            expression: Expression::FromParts { year, month, day },
            kind: ColumnKind::Date,
        })
    }

    fn number_bucket(self) -> Result<Formula, Rejection> {
        self.numeric()?;
        let [of, width] = self.arguments.as_slice() else {
            return Err(self.takes("a number and a width, such as bucket(price, 10)"));
        };
        match width.expression {
            Expression::Number(width) if width > Decimal::ZERO => Ok(Formula {
                expression: Expression::NumberBucket {
                    of: Box::new(of.expression.clone()),
                    width,
                },
                kind: of.kind,
            }),
            _ => Err(self.takes("a width above 0 that is written as a number, such as bucket(price, 10)")),
        }
    }

    fn length(self) -> Result<Formula, Rejection> {
        match self.arguments.as_slice() {
            [
                Formula {
                    expression: Expression::Column(at),
                    ..
                },
            ] => Ok(Formula {
                expression: Expression::TextLength(*at),
                kind: ColumnKind::Integer,
            }),
            _ => Err(self.takes("one column of text")),
        }
    }
}

//! Names of months, in the languages that answers and questions are written in.

/// The English names, as they are written.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: &str = "januar februar märz april mai juni juli august september oktober november dezember";
const FRENCH: &str = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre";
const SPANISH: &str =
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre";
/// Letters of a shortened English name.
const SHORT: usize = 3;

/// A language whose names of months are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MonthLanguage {
    English,
    German,
    French,
    Spanish,
}

/// The month, from 1 to 12, that a word is the English name of, in full or short: `march`, `mar`, `sept`. A word in lower
/// case.
pub(crate) fn month(low: &str) -> Option<i8> {
    let short = |name: &str| {
        let begins = name
            .get(..low.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(low));
        begins && (low.len() == SHORT || low == "sept")
    };
    counted(
        MONTHS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(low) || short(name)),
    )
}

/// The month that a word is the full name of, with the first language that has it. A word in lower case.
pub(crate) fn month_in_any_language(low: &str) -> Option<(i8, MonthLanguage)> {
    let english = counted(MONTHS.iter().position(|name| name.eq_ignore_ascii_case(low)));
    let others = [
        (GERMAN, MonthLanguage::German),
        (FRENCH, MonthLanguage::French),
        (SPANISH, MonthLanguage::Spanish),
    ];
    english.map(|month| (month, MonthLanguage::English)).or_else(|| {
        others.into_iter().find_map(|(names, language)| {
            Some((counted(names.split(' ').position(|name| name == low))?, language))
        })
    })
}

fn counted(place: Option<usize>) -> Option<i8> {
    i8::try_from(place? + 1).ok()
}

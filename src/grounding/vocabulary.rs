//! The words that say something of a figure, as one table: a concept in each row, a language in each column. To teach the
//! matcher a word, add it here; [`vocabulary_gaps`] tells which concepts have no words in a language.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word may say, each with a sentence that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concept {
    /// "Revenue *rose* by 12 %."
    Up,
    /// "Revenue *fell* by 12 %."
    Down,
    /// "The *change* was 12 %."
    Change,
    /// "Its *share* is 12 %."
    Share,
    /// "The *average* order is 12.50."
    Mean,
    /// "*Together* they made 1,200."
    Sum,
    /// "That is 2.4 *times* as many."
    Ratio,
    /// "The *gap* is 1,200."
    Gap,
    /// "By March it had *reached* 1,200."
    Running,
    /// "The *others* made 1,200."
    Rest,
    /// "The *total* is 1,200."
    Total,
    /// "The *median* is 12.50."
    Median,
    /// "*Refunds* came to -1,200."
    Lessening,
    /// "*About* 1,200 orders."
    About,
    /// "*Over* 1,200 orders."
    Over,
    /// "*Nearly* 1,200 orders."
    Under,
    /// "*Compared* with 1,200 in the last answer."
    LooksBack,
    /// "1,200, after 1,100 the month *before*."
    RowBefore,
    /// "The *top* five made 1,200."
    SomeRows,
    /// "March was the *highest* with 1,200."
    Most,
    /// "March was the *lowest* with 1,200."
    Least,
    /// "March was the *best* month with 1,200."
    MostOrLeast,
    /// "March was the *second* highest with 1,200": no claim to be first.
    OtherRank,
    /// "1,200, *after* 1,100."
    Base,
    /// "*No* month had less than 1,200."
    Counting,
    /// "1,200 *in* March": nothing that is counted.
    NoThing,
    /// "The *other* 12 made less."
    BeforeCount,
    /// "The first 12 *rows* are shown."
    Rows,
    /// "12.50 *per* order."
    Per,
    /// "*Card* 12 has it."
    BeforeId,
    /// "Revenue in 1,200 *dollars*."
    Currency,
    /// Column `order_*id*`: it tells rows apart.
    KeyName,
    /// Column `*rating*`: it tells rows apart, or is said of one.
    ScaleName,
    /// Column `*no*`: not what the key is of.
    KeyFiller,
    /// Column `*month*` beside one of the year.
    MonthName,
    /// Column `fiscal_*year*`.
    YearName,
    /// "Claim *no.* 12."
    KeyLink,
    /// "40012 *has* 12 items": nothing that is counted.
    AfterKey,
    /// Column `*avg*_total`: not what tells the column from others.
    ColumnFiller,
    /// Column `*margin*_pct`: parts of a whole.
    RateName,
    /// Column `*revenue*`: money.
    MoneyName,
    /// Column `*discount*`: money as often as parts of a whole.
    RateOrMoneyName,
    /// Column `*count*`: so many things.
    CountName,
    /// "Paid *on* 9 May": not what happened on that day.
    DayFiller,
    /// "Harbor *Holdings*": what kind of firm or thing it is, not which.
    FirmKind,
    /// "The last quarter was best, and the *first* the weakest with 1,200."
    Other,
    /// "Revenue *rose* by 12 %": from one time to a later one, as `higher` need not be.
    Moves,
}

/// Languages, in the order of the table's columns.
const LANGUAGES: [&str; 4] = ["English", "German", "French", "Spanish"];

/// The words of each concept by language.
type VocabularyRow = (Concept, [&'static str; 4]);

#[rustfmt::skip]
const TABLE: [VocabularyRow; 47] = [
    (Concept::Up, [
        "up rise rises rose risen rising grow grows grew grown growing growth increase increases increased increasing \
         higher more gain gained gains improve improved improvement above ahead exceeded exceeds exceeding climbed climb \
         jumped jump surged bigger larger greater plus doubled tripled",
        "gestiegen stieg steigt mehr höher wuchs gewachsen wachstum zugelegt legte zulegen wächst größer", "hausse augmenté augmente plus", "subió sube aumentó aumento creció más"]),
    (Concept::Down, [
        "down fall falls fell fallen falling drop drops dropped dropping decline declines declined declining decrease \
         decreases decreased decreasing lower less fewer shrank shrunk lost loss losses below behind under dip dipped \
         slipped reduced reduction smaller worse contracted negative minus short missed misses missing",
        "gefallen fiel fällt weniger gesunken sank niedriger rückgang kleiner zurückging zurückgegangen schrumpft schrumpfte", "baisse baissé diminué moins", "bajó baja cayó disminuyó menos"]),
    (Concept::Change, [
        "change changes changed changing versus vs against compared comparison delta yoy mom qoq swing variation than trend \
         evolution difference differences differed",
        "veränderung änderung gegenüber vergleich vorjahresvergleich jahresvergleich unterschied als", "écart évolution", "variación diferencia frente"]),
    (Concept::Share, [
        "share shares portion proportion percentage accounts accounted accounting account makes make represents represented \
         represent contributes contributed contribute constitutes comprised comprises split fraction part mix rest \
         remaining remainder others responsible concentrated",
        "anteil anteile", "part", "cuota porcentaje"]),
    (Concept::Mean, [
        "average averages averaged averaging mean avg per each median typical ø",
        "durchschnitt durchschnittlich mittel pro je", "moyenne par", "promedio media"]),
    (Concept::Sum, [
        "total totals totaled totalled totaling totalling sum sums summed together combined overall altogether cumulative \
         cumulatively aggregate collectively jointly all whole entire plus add adds added brought generated remaining rest \
         others other",
        "insgesamt gesamt gesamten zusammen summe", "total ensemble", "total"]),
    (Concept::Ratio, ["every times x fold twice double triple ratio multiple factor ×", "mal", "fois", "veces"]),
    (Concept::Gap, [
        "difference gap margin lead leads leading ahead behind between spread range points point pp apart separates \
         separated distance lag",
        "unterschied differenz abstand mehr weniger über unter", "écart", "diferencia"]),
    (Concept::Running, [
        "cumulative cumulatively running reached far ytd date by through accumulated so", "bisher kumuliert", "", ""]),
    (Concept::Rest, [
        "rest remaining remainder others other else without excluding except left balance leaving leaves free available still",
        "übrigen rest bleiben noch", "reste restent", "resto quedan"]),
    (Concept::Total, [
        "total totals totaled totalled altogether combined overall sum", "insgesamt", "total", "total"]),
    (Concept::Median, ["median", "median", "", ""]),
    (Concept::Lessening, ["refund refunded refunds discount discounts cost costs", "", "", ""]),
    (Concept::About, [
        "about roughly approximately approx around circa ca some nearly almost ~ ≈ close", "rund etwa ungefähr", "environ", "unos unas aproximadamente casi apenas"]),
    (Concept::Over, ["over above exceeding exceeded exceeds beyond", "über", "", ""]),
    (Concept::Under, ["under below nearly almost", "unter knapp", "", ""]),
    (Concept::LooksBack, [
        "earlier before previous previously prior compared versus vs against from than again already above still both",
        "zuvor vorher bisher gegenüber", "", ""]),
    (Concept::RowBefore, ["before previous preceding prior earlier", "zuvor", "", ""]),
    (Concept::SomeRows, [
        "top bottom these those they them their together first last best worst leading listed shown following largest \
         biggest smallest highest lowest most least combined sampled",
        "diese diesen dieser zusammen besten größten ersten",
        "ces ensemble premiers meilleurs", "estos estas juntos primeros mejores"]),
    (Concept::Most, ["highest most largest biggest greatest peak top leading leader", "", "", ""]),
    (Concept::Least, ["lowest least smallest fewest slowest minimum", "", "", ""]),
    (Concept::MostOrLeast, ["best worst strongest weakest busiest quietest", "", "", ""]),
    (Concept::OtherRank, [
        "second third fourth fifth next one among except after not growth grew rise increase decrease change drop fall \
         decline share per ratio three two four five ten at almost since until than gain gains gap difference spread range \
         apart besides recent recently latest earliest oldest newest", "", "", ""]),
    (Concept::Base, ["from after than vs vs. versus against to with of", "von gegenüber statt", "contre", "contra"]),
    (Concept::Counting, ["no none only every all each any never always other others", "", "", ""]),
    (Concept::NoThing, [
        "in and for from to with is was at by on or percent than as each", "", "", ""]),
    (Concept::BeforeCount, [
        "other remaining all the these those only are were have has rows count number", "", "", ""]),
    (Concept::Rows, ["row rows first shown showing fetched returned limit", "", "", ""]),
    (Concept::Per, ["per each every", "pro je", "par", ""]),
    (Concept::BeforeId, ["id ids card metric table dashboard question", "", "", ""]),
    (Concept::Currency, ["dollars euros pounds bucks francs cents", "", "", ""]),
    (Concept::KeyName, [
        "id ids identifier uid no nr num number code key zip postcode postal ean sku isbn phone hour hr week wk day weekday \
         dow quarter qtr month mo year yr fy season cohort account customer client user order ticket invoice claim case \
         policy product store shop branch employee member patient supplier vendor machine device round matchday lap heat \
         batch lot episode chapter run job build trip shift room gate lane zone",
        "plz jahr nummer kunde", "", ""]),
    (Concept::ScaleName, [
        "rank ranking position pos place rating stars star grade age level floor step version", "", "", ""]),
    (Concept::KeyFiller, ["id ids identifier uid no nr num number key the of", "nummer", "", ""]),
    (Concept::MonthName, ["month mo month_of_year month_number", "monat", "mois", "mes"]),
    (Concept::YearName, ["year years yr fy season vintage", "jahr jahrgang", "", ""]),
    (Concept::KeyLink, ["of no nr number num id code is", "nummer", "", ""]),
    (Concept::AfterKey, ["is was has had have brings brought with and", "", "", ""]),
    (Concept::ColumnFiller, [
        "sum of the total number avg average mean amount value distinct in with for and from per has not num", "", "", ""]),
    (Concept::RateName, [
        "rate share percent pct % ratio yield growth change conversion margin retention churn utilization discount",
        "quote anteil", "", ""]),
    (Concept::MoneyName, [
        "revenue amount price cost total sum value payment spend spent profit income sale tax discount refund fee budget \
         balance gross net turnover mrr arr salary earning",
        "umsatz kosten betrag preis", "", ""]),
    (Concept::RateOrMoneyName, ["discount change margin churn yield", "quote", "", ""]),
    (Concept::CountName, ["num number count qty quantity", "anzahl", "", ""]),
    (Concept::DayFiller, [
        "date day time timestamp on at in of the from was is were are already only just since and until to by", "am um datum",
        "", ""]),
    (Concept::FirmKind, [
        "inc ltd llc plc corp corporation co company group holding holdings sons bank fund trust insurance mutual partners \
         services systems solutions international national global the and of for north south east west",
        "gmbh ag kg", "sa", "sl"]),
    (Concept::Other, [
        "first second third fourth last latter former other", "erste zweite dritte vierte letzte andere",
        "premier deuxième troisième dernier autre", "primero segundo tercero último otro"]),
    (Concept::Moves, [
        "rise rises rose risen rising grow grows grew grown growing increased increases climbed climb jumped surged gained improved \
         recovered fall falls fell fallen falling drop drops dropped dropping declined declines decreased shrank dipped slipped \
         contracted rebounded",
        "gestiegen stieg steigt wuchs gefallen fiel fällt sank gesunken", "", ""]),
];

/// What each word says, a bit for each concept.
static SAYING: LazyLock<HashMap<&'static str, u64>> = LazyLock::new(|| {
    let mut saying = HashMap::new();
    for (concept, languages) in &TABLE {
        for word in languages.iter().flat_map(|words| words.split_ascii_whitespace()) {
            *saying.entry(word).or_insert(0) |= concept.bit();
        }
    }
    saying
});

impl Concept {
    /// Its place among the bits of a word.
    pub(super) const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// Whether a word, in lower case, says this.
    pub(super) fn has(self, low: &str) -> bool {
        said_by(low) & self.bit() != 0
    }

    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        let rows = TABLE.iter().filter(move |(concept, _)| *concept == self);
        rows.flat_map(|(_, languages)| languages.iter().flat_map(|words| words.split_ascii_whitespace()))
    }
}

/// What a word, in lower case, says: a bit for each concept.
pub(super) fn said_by(low: &str) -> u64 {
    SAYING.get(low).copied().unwrap_or(0)
}

/// Of each concept that has no words in some language: its name and that language.
pub fn vocabulary_gaps() -> Vec<(String, &'static str)> {
    let gaps = |(concept, words): &VocabularyRow| {
        let missing = words.iter().zip(LANGUAGES).filter(|(words, _)| words.is_empty());
        let name = format!("{concept:?}");
        missing
            .map(|(_, language)| (name.clone(), language))
            .collect::<Vec<_>>()
    };
    TABLE.iter().flat_map(gaps).collect()
}

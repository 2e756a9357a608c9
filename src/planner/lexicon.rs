//! Plain English that is the same for every catalog.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that say nothing about what is asked for. Stemmed words are compared after this list is applied.
const FILLERS: &str = "\
    a about all altogether am an and any are as at be been being business by calculate can come comes came coming \
    companys could currently data did display do does doing done dont each entire exactly exist far figure figures \
    find for from full get gets getting got gotten give given go going gone had has have having hello help hi hey \
    how hows i id if im in into is it its itself ive just know let lets like list look looked looking looks made \
    make makes making many me much my need now number numbers of off on one ones or our ours out over overall per \
    please plus present pull quick report s same say see seen shall should show showing shown so some t tell than \
    that thats the their them then there theres these they thing things this those to total totals us want was way \
    we were weve what whats when where wheres which while who whos whole whose will with would you your broken down \
    split grouped breakdown break compare compared comparison compares versus vs across between among during within \
    every different various place placed placing happen happened happens occur occurred occurs history ever time \
    historically until upto already actual actually really also respectively individual bring brings brought develop \
    develops developed evolve drive drives drove driven perform performs performed performing performance generate \
    generates generated receive receives received produce produced contribute contributed contributes record \
    recorded take takes took taken use used uses using run ran hit reach reached achieve achieved stand stands here \
    today but because why able typically usually normally month year week day quarter months years weeks days \
    quarters dollar dollars usd euro euros bucks cash ranking rank ranked ranks sort sorted sum count counts counted \
    according terms regarding respect certain particular specific lots lot up information info details detail answer \
    question wondering wonder curious kindly thanks thank live lives living located based belong belongs belonging \
    theirs his her he she him back ago lifetime lifetim right roughly approximately around exact precise precisely \
    combined together";

/// Words that can stand for one another. A word of the question is looked for as itself first, then as its likes.
const LIKES: &[&[&str]] = &[
    &[
        "revenue", "sales", "turnover", "income", "earnings", "earned", "earn", "money", "gmv", "takings",
        "grossed",
    ],
    &[
        "customer", "people", "person", "user", "client", "buyer", "shopper", "signup",
    ],
    &["product", "item", "goods", "article", "merchandise", "sku"],
    &["average", "avg", "mean", "typical"],
    &["order", "purchase", "bought", "buy"],
    &["review", "feedback", "opinion"],
    &["rating", "star", "score"],
    &["refund", "return", "refunded", "returned", "reimbursed"],
    &["churn", "cancel", "cancelled", "canceled", "cancellation", "lost"],
    &["category", "kind", "type", "department"],
    &["vendor", "supplier", "manufacturer", "brand", "maker"],
    &["source", "channel", "origin", "referrer", "acquisition"],
    &["discount", "promotion", "markdown", "rebate"],
    &["quantity", "unit", "piece", "sold", "selling", "seller"],
    &[
        "rate",
        "share",
        "percentage",
        "percent",
        "ratio",
        "proportion",
        "fraction",
    ],
    &["unpaid", "overdue", "outstanding", "open", "owed"],
    &["active", "current", "live"],
    &[
        "new",
        "acquired",
        "joined",
        "signed",
        "registered",
        "signup",
        "first",
    ],
    &["plan", "tier", "subscription"],
    &["recurring", "mrr", "subscription"],
    &["invoice", "bill", "billed", "billing", "invoiced"],
    &["payment", "paid"],
    &["state", "region", "province"],
    &["country", "nation", "market"],
    &["city", "town"],
    &["title", "name"],
    &["price", "cost", "expensive", "cheap"],
    &["account", "subscriber", "subscription", "company"],
    &["sold", "selling", "seller", "sales", "revenue"],
    &["spend", "spent", "revenue"],
    &["tax", "vat", "duty"],
    &["trial", "trialing"],
];

/// Words that ask for what things are worth, not how many there are.
pub(super) const AMOUNT: &[&str] = &["amount", "amounts", "value", "values", "worth"];
/// Words that turn a question into another one, whatever an entry's description says.
pub(super) const QUALIFIERS: &[&str] = &[
    "no",
    "not",
    "never",
    "non",
    "without",
    "except",
    "excluding",
    "only",
    "both",
    "more",
    "less",
    "fewer",
    "higher",
    "lower",
];
/// Words that ask for a difference: two periods side by side, or one after the other, show it.
pub(super) const CHANGE: &[&str] = &[
    "change",
    "changes",
    "changed",
    "grow",
    "grew",
    "grown",
    "growth",
    "compare",
    "compared",
    "comparison",
];
/// Currencies, each by its stems.
pub(super) const CURRENCIES: [&[&str]; 2] = [&["usd", "dollar"], &["eur", "euro"]];
/// Words that ask for one figure of all, whatever it is made of.
pub(super) const WHOLE: &[&str] = &["total", "totals", "sum", "altogether"];
/// Words that ask to add up.
pub(super) const SUMMED: &[&str] = &["total", "totals", "sum", "altogether", "much"];

/// Words that ask for a mean.
pub(super) const MEAN: &[&str] = &["average", "avg", "mean", "typical", "typically"];
/// Words that ask for a share.
pub(super) const SHARE: &[&str] = &[
    "rate",
    "share",
    "percentage",
    "percent",
    "ratio",
    "proportion",
    "fraction",
];

/// Names of states beside the codes they are kept under.
const STATES: &str = "alabama:al alaska:ak arizona:az arkansas:ar california:ca colorado:co connecticut:ct delaware:de \
    florida:fl georgia:ga hawaii:hi idaho:id illinois:il indiana:in iowa:ia kansas:ks kentucky:ky \
    louisiana:la maine:me maryland:md massachusetts:ma michigan:mi minnesota:mn mississippi:ms \
    missouri:mo montana:mt nebraska:ne nevada:nv new_hampshire:nh new_jersey:nj new_mexico:nm \
    new_york:ny north_carolina:nc north_dakota:nd ohio:oh oklahoma:ok oregon:or pennsylvania:pa \
    rhode_island:ri south_carolina:sc south_dakota:sd tennessee:tn texas:tx utah:ut vermont:vt \
    virginia:va washington:wa west_virginia:wv wisconsin:wi wyoming:wy";

/// Names of countries beside the codes they are kept under.
const COUNTRIES: &str = "germany:de france:fr spain:es italy:it japan:jp brazil:br canada:ca mexico:mx netherlands:nl \
    austria:at switzerland:ch sweden:se norway:no denmark:dk finland:fi poland:pl portugal:pt \
    ireland:ie belgium:be india:in china:cn australia:au united_states:us united_states:usa \
    united_kingdom:gb united_kingdom:uk usa:us america:us britain:gb uk:gb england:gb american:us german:de british:gb french:fr polish:pl \
    spanish:es brazilian:br chinese:cn japanese:jp italian:it canadian:ca mexican:mx dutch:nl";

pub(super) fn is_filler(word: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> = LazyLock::new(|| FILLERS.split_whitespace().collect());
    SET.contains(word)
}

/// Every word the lists above hold and its likes, for stemming once.
pub(super) fn likes() -> impl Iterator<Item = &'static [&'static str]> {
    LIKES.iter().copied()
}

/// The full names, in words, of what a code may stand for.
pub(super) fn names_of_code(code: &str) -> impl Iterator<Item = String> {
    let code = code.to_lowercase();
    pairs(STATES)
        .chain(pairs(COUNTRIES))
        .filter(move |(_, short)| *short == code)
        .map(|(name, _)| name.replace('_', " "))
}

/// Names and codes that a dimension of this stem may hold; none for other dimensions.
pub(super) fn codes_of(stem: &str) -> impl Iterator<Item = (Vec<&'static str>, String)> {
    let list = match stem {
        "state" => STATES,
        "countri" => COUNTRIES,
        _ => "",
    };
    pairs(list).map(|(name, code)| (name.split('_').collect(), code.to_uppercase()))
}

fn pairs(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    list.split_whitespace().filter_map(|pair| pair.split_once(':'))
}

/// Small numbers people write out.
pub(super) fn number(word: &str) -> Option<u32> {
    const WORDS: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    match word {
        "twenty" => Some(20),
        _ => word.parse().ok().or_else(|| {
            WORDS
                .iter()
                .position(|known| *known == word)
                .and_then(|at| u32::try_from(at).ok())
        }),
    }
}

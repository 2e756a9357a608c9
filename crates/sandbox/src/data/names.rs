//! Words that people, places, products and vendors are named with.

/// A country: its code, how many of a thousand customers live there, its sales tax in percent.
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) share: i64,
    pub(super) tax: i64,
    pub(super) first: &'static [&'static str],
    pub(super) last: &'static [&'static str],
    /// City, and state where the country has them.
    pub(super) cities: &'static [(&'static str, Option<&'static str>)],
}

pub(super) const COUNTRIES: [Country; 9] = [
    Country {
        code: "US",
        share: 520,
        tax: 7,
        first: &[
            "Ava", "Liam", "Noah", "Emma", "Mia", "Ethan", "Zoë", "Maya", "Owen", "Ruth", "Carl", "Nina",
            "Hal", "Iris", "Jonah", "Tessa", "Marcus", "Della", "Amir", "Priya",
        ],
        last: &[
            "Carter", "Nguyen", "Brooks", "Rivera", "O'Neil", "Walsh", "Patel", "Kim", "Foster", "Hayes",
            "Bell", "Ortiz", "Lane", "Sutton", "Greene", "Muñoz", "Reed", "Shaw",
        ],
        cities: &[
            ("Austin", Some("TX")),
            ("Houston", Some("TX")),
            ("Dallas", Some("TX")),
            ("San Francisco", Some("CA")),
            ("Los Angeles", Some("CA")),
            ("New York", Some("NY")),
            ("Buffalo", Some("NY")),
            ("Chicago", Some("IL")),
            ("Seattle", Some("WA")),
            ("Denver", Some("CO")),
            ("Portland", Some("OR")),
            ("Boise", Some("ID")),
            ("Miami", Some("FL")),
            ("Atlanta", Some("GA")),
            ("Boston", Some("MA")),
            ("Madison", Some("WI")),
        ],
    },
    Country {
        code: "DE",
        share: 120,
        tax: 19,
        first: &[
            "Jürgen", "Anke", "Lukas", "Käthe", "Sören", "Greta", "Björn", "Ute", "Jonas", "Heike",
        ],
        last: &[
            "Müller", "Schäfer", "Weiß", "Vogt", "Krüger", "Lange", "Böhm", "Hartmann",
        ],
        cities: &[
            ("Berlin", None),
            ("München", None),
            ("Köln", None),
            ("Hamburg", None),
            ("Düsseldorf", None),
        ],
    },
    Country {
        code: "GB",
        share: 110,
        tax: 20,
        first: &[
            "Poppy", "Alfie", "Isla", "Rhys", "Niamh", "Angus", "Freya", "Callum",
        ],
        last: &[
            "Clarke", "Hughes", "MacLeod", "Ashby", "Pryce", "Walker", "Thorne",
        ],
        cities: &[
            ("London", None),
            ("Leeds", None),
            ("Bristol", None),
            ("Glasgow", None),
        ],
    },
    Country {
        code: "FR",
        share: 70,
        tax: 20,
        first: &["Chloé", "François", "Léa", "Hélène", "Loïc", "Maëlle", "André"],
        last: &["Lefèvre", "Moreau", "Dubois", "Gérard", "Noël", "Rousseau"],
        cities: &[
            ("Paris", None),
            ("Lyon", None),
            ("Orléans", None),
            ("Nîmes", None),
        ],
    },
    Country {
        code: "PL",
        share: 50,
        tax: 23,
        first: &["Łukasz", "Agnieszka", "Michał", "Zofia", "Paweł", "Święta"],
        last: &["Kowalski", "Wiśniewska", "Zając", "Dąbrowski", "Żak"],
        cities: &[
            ("Warszawa", None),
            ("Łódź", None),
            ("Kraków", None),
            ("Gdańsk", None),
        ],
    },
    Country {
        code: "ES",
        share: 50,
        tax: 21,
        first: &["José", "Begoña", "Íñigo", "Lucía", "Andrés", "Inés"],
        last: &["Núñez", "García", "Peña", "Martín", "Ibáñez"],
        cities: &[("Madrid", None), ("Sevilla", None), ("A Coruña", None)],
    },
    Country {
        code: "BR",
        share: 40,
        tax: 17,
        first: &["João", "Thaís", "Antônio", "Conceição", "Luísa"],
        last: &["Gonçalves", "Araújo", "Simões", "da Silva"],
        cities: &[("São Paulo", None), ("Brasília", None), ("Recife", None)],
    },
    Country {
        code: "CN",
        share: 25,
        tax: 13,
        first: &["伟", "芳", "娜", "敏", "静"],
        last: &["王", "李", "张", "刘"],
        cities: &[("北京", None), ("上海", None), ("深圳", None)],
    },
    Country {
        code: "JP",
        share: 15,
        tax: 10,
        first: &["さくら", "蓮", "陽菜", "Haruto"],
        last: &["佐藤", "鈴木", "Tanaka"],
        cities: &[("東京", None), ("大阪", None), ("京都", None)],
    },
];

/// How people heard of the shop, by weight.
pub(super) const SOURCES: [(&str, i64); 6] = [
    ("Organic", 32),
    ("Google", 26),
    ("Facebook", 16),
    ("Affiliate", 11),
    ("Newsletter", 9),
    ("Referral", 6),
];

/// A category: its name, how many products in a hundred, lowest and highest price in cents, nouns.
pub(super) struct Category {
    pub(super) name: &'static str,
    pub(super) share: i64,
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) nouns: &'static [&'static str],
}

pub(super) const CATEGORIES: [Category; 6] = [
    Category {
        name: "Kitchen",
        share: 24,
        low: 899,
        high: 12_900,
        nouns: &["Kettle", "Knife", "Pan", "Grinder", "Teapot", "Board"],
    },
    Category {
        name: "Outdoor",
        share: 20,
        low: 1_499,
        high: 24_900,
        nouns: &["Tent", "Lantern", "Backpack", "Hammock", "Flask", "Stove"],
    },
    Category {
        name: "Office",
        share: 18,
        low: 499,
        high: 18_900,
        nouns: &["Lamp", "Notebook", "Chair Mat", "Organizer", "Stand", "Clock"],
    },
    Category {
        name: "Toys",
        share: 15,
        low: 699,
        high: 8_900,
        nouns: &["Puzzle", "Train", "Kite", "Blocks", "Globe", "Robot"],
    },
    Category {
        name: "Bath & Body",
        share: 13,
        low: 399,
        high: 5_900,
        nouns: &["Towel", "Soap Set", "Robe", "Brush", "Candle"],
    },
    Category {
        name: "Décor",
        share: 10,
        low: 999,
        high: 29_900,
        nouns: &["Vase", "Mirror", "Rug", "Cushion", "Print"],
    },
];

pub(super) const ADJECTIVES: [&str; 14] = [
    "Compact",
    "Rustic",
    "Sleek",
    "Sturdy",
    "Lightweight",
    "Classic",
    "Ergonomic",
    "Hand-made",
    "Foldable",
    "Silent",
    "Vintage",
    "Modern",
    "Cosy",
    "Durable",
];

pub(super) const MATERIALS: [&str; 12] = [
    "Bamboo", "Steel", "Linen", "Copper", "Oak", "Wool", "Granite", "Cork", "Glass", "Leather", "Cotton",
    "Ceramic",
];

pub(super) const VENDORS: [&str; 22] = [
    "Müller & Söhne",
    "Northwind Goods",
    "Łódź Works",
    "Atelier Hélène",
    "北京工艺",
    "Casa Peña",
    "Hearth & Pine",
    "Blue Fjord",
    "Tallgrass Supply",
    "Kestrel Ltd",
    "Old Mill Co.",
    "Saffron Lane",
    "Porto Novo",
    "Juniper House",
    "Bright Anvil",
    "Two Rivers",
    "Marigold",
    "Stonebridge",
    "Fernweh GmbH",
    "Quay Street",
    "Lumen & Loom",
    "Acorn Trading",
];

/// What reviewers write, by stars.
pub(super) const OPINIONS: [&[&str]; 5] = [
    &[
        "Broke after two days.",
        "Not as described, sent it back.",
        "Arrived damaged. Very disappointed.",
    ],
    &[
        "Looks nice, but feels flimsy.",
        "Too small for what it costs.",
        "Smelled odd for weeks.",
    ],
    &[
        "Does what it should, nothing more.",
        "It is fine.",
        "Okay for the price. Würde ich vielleicht wieder kaufen.",
    ],
    &[
        "Solid and pretty, delivery took a while.",
        "Très bien, je recommande.",
        "Good value, would buy again.",
    ],
    &[
        "Love it!",
        "Better than the expensive one I had before.",
        "Perfekt!",
        "最高です",
        "My whole family uses it every day.",
    ],
];

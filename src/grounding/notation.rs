//! How the language of a text writes its numbers, and which language that is, told by its small words. Names and numbers say
//! nothing: they come from the data, whatever language it is in.

use std::collections::HashMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::Separators;

/// How numbers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Notation {
    /// `1,234.5`, `25.4%`
    #[default]
    #[serde(rename = "en")]
    English,
    /// `1.234,5`, `25,4 %`
    #[serde(rename = "de")]
    German,
    /// `1 234,5`, `25,4 %`
    #[serde(rename = "fr")]
    French,
    /// `1.234,5`, `25,4 %`
    #[serde(rename = "es")]
    Spanish,
    /// `1.234,5`, `25,4%`
    #[serde(rename = "it")]
    Italian,
    /// `1.234,5`, `25,4%`
    #[serde(rename = "pt")]
    Portuguese,
    /// `1.234,5`, `25,4%`
    #[serde(rename = "nl")]
    Dutch,
    /// `1’234.5`, `25.4%`; no text tells it from German, French or Italian
    #[serde(rename = "ch")]
    Swiss,
}

/// The small words of each language. A word that several have counts less for each of them.
#[rustfmt::skip]
const WORDS: [(Notation, &str); 7] = [
    (Notation::English,
        "the of and is was were are be been has had have in on at to for from with by as an a that this these those it its \
         there than which who what when where how many much more most less each total between over under about all any no not \
         do does did they their so or but only up down per after before while during since until plus me we show give die war \
         am hat man des van met door want also will can would"),
    (Notation::German,
        "der die das den dem des und ist sind war waren wurde wurden wird werden hat haben hatte hatten gab gibt im am zum zur \
         von vom für mit bei auf aus nach über unter ein eine einen einem einer eines es sie er nicht kein keine auch nur noch \
         als wie pro je davon dabei damit sowie oder aber insgesamt viele viel welche welcher welches wann zwischen gegenüber \
         lag liegt lagen betrug beträgt seit bis sich dieser diese dieses zusammen ihr ihre in so an also was"),
    (Notation::French,
        "le la les des du de un une et est sont était étaient été a au aux dans en pour par sur avec qui que ne pas plus moins \
         ce cette ces il elle ils ont avait entre dont combien quel quelle quels quelles soit chaque depuis jusqu total on se \
         son sa ses nous à y"),
    (Notation::Spanish,
        "el los las la del de al y e o es son fue fueron era eran en con por para un una unos unas que se su sus lo más menos \
         como entre cuánto cuánta cuántos cuántas cuál cuáles hubo ha han este esta estos estas desde hasta cada también cuando \
         donde total no a"),
    (Notation::Italian,
        "il lo gli la le di del dello della dei degli delle nel nella nei nelle e è sono era erano stato stati con per un uno \
         una che non più meno in al alla ai da dal dalla dai su sul sulla come tra fra anche quanto quanti quante quale quali \
         ha hanno a o si"),
    (Notation::Portuguese,
        "o os a as do da dos das no na nos nas em um uma uns umas e é são foi foram era com para por que se mais menos ao aos \
         pelo pela entre como quanto quantos quantas qual quais não houve até desde cada também de ou"),
    (Notation::Dutch,
        "de het een en van in op voor met is was waren zijn werd werden wordt door bij aan naar tot dat die deze dit niet geen \
         ook nog maar meer minder dan als per uit over tussen hoeveel welke wat wie heeft hebben had er om te ze of"),
];
const LANGUAGES: usize = WORDS.len();
/// What a word counts that one language alone has. One that several have counts one.
const OWN: u32 = 2;
/// So much tells the language of a text, if the next one is so far behind.
const CLEAR: (u32, u32) = (4, 2);
/// So much does where nothing else is there to ask.
const LIKELY: (u32, u32) = (2, 1);
/// Most bytes of a text that are looked at.
const MOST_BYTES: usize = 4_000;

/// Which languages have a word, by their places.
static LANGUAGES_OF: LazyLock<HashMap<&'static str, [bool; LANGUAGES]>> = LazyLock::new(|| {
    let mut all: HashMap<&str, [bool; LANGUAGES]> = HashMap::new();
    for (at, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            if let Some(has) = all.entry(word).or_default().get_mut(at) {
                *has = true;
            }
        }
    }
    all
});

impl Notation {
    /// How a text is to write its numbers: as its own language does where its words tell which that is, else as the language
    /// of the texts that it answers, the nearest first.
    pub fn of<'t>(said: &str, asked: impl IntoIterator<Item = &'t str>) -> Self {
        let mut counted = SmallWords::default();
        counted.count(said);
        if let Some(language) = counted.language(CLEAR) {
            return language;
        }
        for text in asked {
            counted.count(text);
            if let Some(language) = counted.language(LIKELY) {
                return language;
            }
        }
        counted.language(LIKELY).unwrap_or_default()
    }

    /// The marks between its digits.
    pub fn separators(self) -> Separators {
        match self {
            Self::English => Separators::English,
            Self::German | Self::Spanish | Self::Italian | Self::Portuguese | Self::Dutch => {
                Separators::German
            }
            Self::French => Separators::French,
            Self::Swiss => Separators::Swiss,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_english(&self) -> bool {
        *self == Self::English
    }
}

/// How much of a text speaks for each language.
#[derive(Default)]
struct SmallWords([u32; LANGUAGES]);

impl SmallWords {
    fn count(&mut self, text: &str) {
        let mut end = text.len().min(MOST_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let low = text.get(..end).unwrap_or_default().to_lowercase();
        for word in low.split(|c: char| !c.is_alphabetic()) {
            let Some(languages) = LANGUAGES_OF.get(word) else {
                continue;
            };
            let shared = languages.iter().filter(|has| **has).count() > 1;
            for (count, has) in self.0.iter_mut().zip(languages) {
                *count += u32::from(*has) * if shared { 1 } else { OWN };
            }
        }
    }

    /// The language with the most, if that is at least so much, and so far ahead.
    fn language(&self, (least, ahead): (u32, u32)) -> Option<Notation> {
        let most = *self.0.iter().max()?;
        let at = self.0.iter().position(|count| *count == most)?;
        let others = self.0.iter().enumerate().filter(|(other, _)| *other != at);
        let next = others.map(|(_, count)| *count).max().unwrap_or(0);
        let (language, _) = WORDS.get(at)?;
        (most >= least && most - next >= ahead).then_some(*language)
    }
}

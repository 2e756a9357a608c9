//! A text that only says what the model is going to do. Models that call tools badly, and servers that lose calls, leave that
//! in place of the call: it is no answer. [`LANGUAGES`] has one line for each thing that is said in it, in each language.

use std::sync::LazyLock;

use regex::Regex;

use super::plain::compiled;

/// How a language announces a look at the data, as patterns of small letters.
struct AnnouncingLanguage {
    /// What is said first, and says nothing.
    opens: &'static str,
    /// What tells when it is done, or what for.
    first: &'static str,
    /// What tells that something is going to be done.
    will: &'static str,
    /// What may stand between that and the verb.
    gap: &'static str,
    /// The verbs of looking at data.
    looks: &'static str,
    /// That it is being done, or will be, in one word.
    doing: &'static str,
    /// What asks for patience.
    waits: &'static str,
    /// What says that it is not done, that it is done, or that it waits for the person.
    unless: &'static str,
    /// Whether spaces stand between words.
    has_spaces: bool,
}

#[rustfmt::skip]
const LANGUAGES: [AnnouncingLanguage; 8] = [
    AnnouncingLanguage { // English
        opens: "ok|okay|sure|certainly|of course|great|alright|all right|no problem|got it|absolutely|understood|yes",
        first: "first|now|next|then|to (?:do (?:this|that)|find out|answer (?:this|that|it|(?:the|your) question))",
        will: r"let me|let's|let us|i will|i'll|i shall|i am going to|i'm going to|i'm about to|i need to|i have to|i should|i'd like to|we need to|we should|allow me to",
        gap: r"\s+(?:(?:first|now|quickly|then|just|also|start by|begin by|go ahead and|try to)\s+)*",
        looks: r"(?:look(?:ing)?|check(?:ing)?|query(?:ing)?|fetch(?:ing)?|get(?:ting)?|retriev(?:e|ing)|find(?:ing)?|search(?:ing)?|pull(?:ing)?|comput(?:e|ing)|calculat(?:e|ing)|run(?:ning)?|call(?:ing)?|gather(?:ing)?|analy[sz](?:e|ing)|examin(?:e|ing)|explor(?:e|ing)|take a look|begin|start|load(?:ing)?|describ(?:e|ing))\b",
        doing: r"i(?: a|')m (?:now |currently )?(?:checking|looking|querying|fetching|retrieving|searching|running|calculating|computing|loading|gathering)\b|(?:checking|querying|fetching|retrieving|searching|looking up|calculating|running) (?:the|for|that|it|this|your|now)\b",
        waits: r"(?:please )?(?:wait|hold on|bear with me|stand by)\b.*|(?:just )?(?:a|one) (?:moment|second|sec)\b.*|(?:this|it) (?:may|might|will|should) (?:only )?take\b.*|i(?:'ll| will) (?:get back|be back|report back|be right back)\b.*",
        unless: r"not|cannot|\w+n't|never|unable|(?:if|when|once|as soon as|after|unless|until) you|you (?:tell|say|give|mean|could|can|please)|done|finished|found|completed?|here (?:is|are)|(?:answer|result)s? (?:is|are)",
        has_spaces: true,
    },
    AnnouncingLanguage { // German
        opens: "ok|okay|klar|gerne?|natürlich|alles klar|sicher|verstanden|in ordnung|gut|selbstverständlich|ja",
        first: r"zuerst|zunächst|als erstes|jetzt|nun|dann|dafür|dazu|um (?:das|dies|(?:die|ihre|deine|diese) frage) zu beantworten",
        will: r"ich werde|ich muss|ich will|ich möchte|ich würde|ich sollte|lass(?:en sie)? mich|lass uns|wir werden|werde ich|muss ich",
        gap: r"\s+(?:\S+\s+){0,14}?",
        looks: r"(?:ab|auf|nach|über|durch|an|heraus|unter|aus|be)?(?:fragen|rufen|sehen|schauen|prüfen|suchen|holen|laden|ermitteln|rechnen|führen|starten|beginnen|analysieren|finden|schaffen|sammeln|werten)\b",
        doing: r"ich (?:über)?(?:prüfe|suche|hole|lade|ermittle|berechne|schaue|starte|durchsuche|analysiere|untersuche)\b|ich (?:frage|rufe|führe|sehe) (?:die|den|das|eine?n?|nun|jetzt|zuerst|mir|dazu|dafür|kurz)\b|(?:jetzt|nun|zuerst|zunächst|dazu|dafür) (?:prüfe|suche|hole|lade|ermittle|berechne|schaue|frage|rufe) ich\b",
        waits: r"(?:bitte )?(?:warten|warte|gedulden|haben sie|hab)\b.*|(?:einen|nur einen) (?:kurzen )?(?:moment|augenblick)\b.*|moment bitte|das (?:kann|wird|dauert)\b.*",
        unless: r"nicht|kein\w*|nie|ohne|(?:sobald|wenn|falls|bis|nachdem) (?:sie|du|ich weiß)|gefunden|fertig|abgeschlossen|hier (?:ist|sind)|beträgt|betrug|ergab|ergibt",
        has_spaces: true,
    },
    AnnouncingLanguage { // French
        opens: "d'accord|bien sûr|très bien|entendu|certainement|parfait|ok|okay|oui|compris|bien",
        first: r"d'abord|tout d'abord|maintenant|ensuite|pour (?:cela|ce faire|(?:vous|te|y) répondre|répondre(?: à (?:cette|votre|ta|la) question)?)",
        will: r"je vais|nous allons|on va|laissez-moi|laisse-moi|permettez-moi de|permettez-moi d'abord de|je dois|j'ai besoin de|je voudrais|il me faut",
        gap: r"\s+(?:\S+\s+)?",
        looks: r"(?:consulter|vérifier|interroger|chercher|rechercher|récupérer|regarder|examiner|analyser|calculer|exécuter|lancer|appeler|extraire|obtenir|explorer|commencer|trouver|voir|charger|faire une requête|jeter un)\b",
        doing: r"je (?:consulte|vérifie|recherche|cherche|interroge|récupère|regarde|lance|calcule|examine)\b",
        waits: r"un (?:instant|moment)\b.*|(?:veuillez|merci de) patienter\b.*|patientez\b.*|cela peut prendre\b.*",
        unless: r"pas|jamais|impossible|(?:dès que|si|quand|lorsque|une fois que) (?:vous|tu|l'on)|voici|terminée?|trouvée?s?",
        has_spaces: true,
    },
    AnnouncingLanguage { // Spanish
        opens: "claro|por supuesto|de acuerdo|perfecto|entendido|muy bien|vale|ok|okay|sí|seguro|con gusto|bien",
        first: r"primero|ahora|a continuación|luego|para (?:ello|eso|esto|responder(?:te|le)?(?: a)?(?: (?:esta|esa|tu|su|la) pregunta)?)",
        will: r"voy a|vamos a|déjame|déjeme|permíteme|permítame|tengo que|necesito|debo|debería|quisiera",
        gap: r"\s+(?:\S+\s+)?",
        looks: r"(?:consultar|revisar|buscar|verificar|comprobar|obtener|ejecutar|calcular|analizar|examinar|mirar|ver|explorar|recuperar|extraer|empezar|comenzar|cargar|llamar|hacer una consulta)(?:l[aeo]s?)?\b",
        doing: r"(?:yo )?(?:consultaré|revisaré|buscaré|verificaré|comprobaré|obtendré|ejecutaré|calcularé|analizaré)\b|(?:consulto|reviso|busco|verifico|compruebo|ejecuto|calculo) (?:el|la|los|las|ahora|primero)\b|estoy (?:consultando|revisando|buscando|verificando|calculando)\b",
        waits: r"(?:dame |deme )?un (?:momento|segundo|instante)\b.*|(?:por favor,? )?(?:espera|espere)\b.*|esto puede (?:tardar|tomar)\b.*",
        unless: r"no|nunca|(?:cuando|si|una vez que|en cuanto) (?:me|tú|usted|lo|la)|aquí (?:está|están|tienes|tiene)|encontré|encontrado|terminado|listo",
        has_spaces: true,
    },
    AnnouncingLanguage { // Portuguese
        opens: "claro|certo|ok|okay|com certeza|tudo bem|perfeito|entendido|sim|bem",
        first: r"primeiro|agora|em seguida|depois|para (?:isso|tal|responder(?: a| à)?(?: (?:essa|esta|sua|tua) pergunta)?)",
        will: r"vou|vamos|deixe-me|deixa-me|deixa eu|deixe eu|preciso(?: de)?|tenho (?:de|que)|devo|irei|permita-me|gostaria de",
        gap: r"\s+(?:\S+\s+)?",
        looks: r"(?:consultar|verificar|buscar|procurar|obter|executar|calcular|analisar|examinar|ver|olhar|checar|recuperar|extrair|começar|carregar|pesquisar|rever|chamar|fazer uma consulta)\b",
        doing: r"(?:eu )?(?:consultarei|verificarei|buscarei|procurarei|executarei|calcularei|analisarei)\b|(?:consulto|verifico|procuro|executo|calculo) (?:o|a|os|as|agora|primeiro)\b|estou (?:a )?(?:consultar|verificar|procurar|consultando|verificando|buscando|procurando|calculando)\b",
        waits: r"(?:só )?um (?:momento|instante|segundo)\b.*|(?:por favor,? )?aguarde\b.*|isso pode (?:demorar|levar)\b.*",
        unless: r"não|nunca|(?:quando|se|assim que|depois que) (?:você|me|o senhor|tu)|aqui (?:está|estão)|encontrei|encontrad\w*|concluíd\w*|pronto",
        has_spaces: true,
    },
    AnnouncingLanguage { // Italian
        opens: "certo|certamente|va bene|perfetto|ok|okay|capito|d'accordo|sì|volentieri|bene",
        first: r"prima|per prima cosa|innanzitutto|ora|adesso|poi|per (?:questo|farlo|rispondere(?: alla (?:tua|sua|domanda)(?: domanda)?)?)",
        will: r"vado a|andrò a|lasciami|lascia che|lasci che|mi lasci|permettimi di|mi permetta di|devo|dovrei|ho bisogno di|vorrei|sto per|procedo a|fammi",
        gap: r"\s+(?:\S+\s+)?",
        looks: r"(?:controllare|verificare|consultare|cercare|interrogare|recuperare|ottenere|eseguire|calcolare|analizzare|esaminare|guardare|vedere|iniziare|caricare|estrarre|chiamare|dare un'occhiata|controlli|verifichi|consulti|cerchi)\b",
        doing: r"(?:controllerò|verificherò|consulterò|cercherò|interrogherò|recupererò|otterrò|eseguirò|calcolerò|analizzerò|esaminerò)\b|(?:controllo|verifico|consulto|cerco|interrogo|recupero|eseguo|calcolo) (?:i|il|la|le|lo|gli|ora|subito|prima)\b|sto (?:controllando|verificando|cercando|consultando|recuperando|calcolando)\b",
        waits: r"(?:solo )?un (?:attimo|momento|istante)\b.*|(?:per favore,? )?(?:attendi|attenda|attendere|aspetta)\b.*|(?:questo )?potrebbe richiedere\b.*",
        unless: r"non|mai|(?:quando|se|appena|una volta che|dopo che) (?:mi|tu|lei|avr\w+|vuoi)|ecco|ho trovato|trovat\w|completat\w|fatto",
        has_spaces: true,
    },
    AnnouncingLanguage { // Dutch
        opens: "oké|ok|okay|natuurlijk|zeker|prima|begrepen|goed|graag|uiteraard|ja",
        first: r"eerst|nu|vervolgens|dan|daarvoor|om (?:dit|dat|(?:je|uw|deze|de) vraag) te beantwoorden",
        will: r"ik ga|ik zal|ik moet|ik wil|ik zou|laat (?:me|mij)|laten we|we gaan|ga ik|zal ik|moet ik",
        gap: r"\s+(?:\S+\s+){0,14}?",
        looks: r"(?:op|na|be|uit|door|onder|ver)?(?:vragen|halen|kijken|controleren|zoeken|raadplegen|rekenen|voeren|analyseren|starten|beginnen|laden|bepalen|zamelen|checken)\b",
        doing: r"ik (?:controleer|zoek|bereken|raadpleeg|bekijk|haal|kijk|start|analyseer)\b|ik (?:vraag|voer) (?:de|het|een|nu|eerst)\b",
        waits: r"(?:een|één) (?:moment|ogenblik)\w*\b.*|even geduld\b.*|wacht even\b.*|dit kan (?:even )?duren\b.*",
        unless: r"niet|geen|nooit|(?:zodra|als|wanneer|nadat|totdat) (?:u|je|jij)|gevonden|klaar|hier (?:is|zijn)|voltooid",
        has_spaces: true,
    },
    AnnouncingLanguage { // Chinese
        opens: "好的?|当然|没问题|明白了?|可以",
        first: "首先|现在|接下来|先|为了回答(?:这个|您的|你的)问题",
        will: "让我|我来|我将|我会|我要|我需要|我先|我现在",
        gap: r"\S{0,8}?",
        looks: "(?:查询|查看|查一下|查找|看一下|看看|检索|获取|搜索|运行|执行|计算|分析|调用)",
        doing: "我?正在(?:为您|为你)?(?:查询|查看|检索|获取|搜索|运行|执行|计算)",
        waits: r"请?(?:您|你)?(?:稍等|等一下|稍候).*",
        unless: r"不能|无法|没有|如果|当您|等您|已经|完成|找到|结果(?:是|为|如下)",
        has_spaces: false,
    },
];

/// A figure of an answer, which an announcement does not have: years, quarters and numbers of cards are none.
const FIGURE: &str = r"(?i)\{\{|[€$£¥₹]\s*\d|\d\s*[%‰€$£¥₹]|\d[.,'’\u{a0}\u{202f}]\d|\d{5}|\d\s*(?:million|billion|mio|mrd|mln|bn|tsd)\b";
/// One sentence, with the mark that ends it.
const SENTENCE: &str = r"[^.!?…:。！？：\n]+[.!?…:。！？：]*";

/// The patterns of one language.
struct AnnouncementPatterns {
    announces: Regex,
    says_nothing: Regex,
    unless: Regex,
}

static PATTERNS: LazyLock<Vec<AnnouncementPatterns>> = LazyLock::new(|| {
    LANGUAGES
        .iter()
        .filter_map(AnnouncingLanguage::patterns)
        .collect()
});
static FIGURES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(FIGURE));
static SENTENCES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(SENTENCE));

impl AnnouncingLanguage {
    fn patterns(&self) -> Option<AnnouncementPatterns> {
        let Self {
            opens,
            first,
            will,
            gap,
            looks,
            doing,
            waits,
            unless,
            has_spaces,
        } = self;
        let opening = format!(r"(?:(?:{opens})[\s,，]+|(?:{first})[\s,，]*|(?:{waits})[,，]\s*)*");
        Some(AnnouncementPatterns {
            announces: compiled(&format!(r"\A{opening}(?:(?:{will}){gap}{looks}|{doing})"))?,
            says_nothing: compiled(&format!(r"\A(?:(?:{opens})[\s,，]*)*(?:{waits})?\z"))?,
            unless: compiled(&if *has_spaces {
                format!(r"\b(?:{unless})\b")
            } else {
                format!("(?:{unless})")
            })?,
        })
    }
}

impl AnnouncementPatterns {
    /// Whether all sentences announce something or say nothing, and one of them announces.
    fn cover(&self, sentences: &[&str]) -> bool {
        let announces = |sentence: &&str| self.announces.is_match(sentence);
        let is_covered = |sentence: &&str| announces(sentence) || self.says_nothing.is_match(sentence);
        sentences.iter().all(is_covered)
            && sentences.iter().any(announces)
            && !sentences.iter().any(|sentence| self.unless.is_match(sentence))
    }
}

/// Whether a text is an announcement and nothing else.
pub(in crate::model) fn is_announcement(text: &str) -> bool {
    const LONGEST: usize = 300;
    let (Some(figures), Some(sentences)) = (FIGURES.as_ref(), SENTENCES.as_ref()) else {
        return false;
    };
    // Who asks something waits for a person.
    if text.len() > LONGEST || text.contains(['?', '？']) || figures.is_match(text) {
        return false;
    }
    let text = text.to_lowercase().replace('’', "'");
    let sentences: Vec<&str> = sentences
        .find_iter(&text)
        .map(|found| {
            let is_end = |c: char| c.is_whitespace() || ".!…:。！：".contains(c);
            found.as_str().trim().trim_end_matches(is_end)
        })
        .filter(|sentence| !sentence.is_empty())
        .collect();
    PATTERNS.iter().any(|language| language.cover(&sentences))
}

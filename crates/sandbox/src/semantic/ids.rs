/// The alphabet of the server's 21-character ids.
const ALPHABET: &[u8; 64] = b"useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict";

/// A 21-character id that depends on what the thing is and is called, not on the process.
pub(super) fn entity_id(kind: &str, name: &str) -> String {
    let hash = blake3::hash(format!("{kind}\n{name}").as_bytes());
    let bytes = hash.as_bytes().iter().take(21);
    bytes
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)))
        .map(|letter| char::from(*letter))
        .collect()
}

/// The same as a UUID.
pub(crate) fn uuid(kind: &str, name: &str) -> String {
    let hash = blake3::hash(format!("{kind}\n{name}").as_bytes()).to_hex();
    let mut digits = hash.chars();
    let mut part = |len: usize| digits.by_ref().take(len).collect::<String>();
    format!("{}-{}-4{}-8{}-{}", part(8), part(4), part(3), part(3), part(12))
}

/// A name in lower case with underscores.
pub(super) fn slug(name: &str) -> String {
    let letters = name.to_lowercase();
    let words = letters
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

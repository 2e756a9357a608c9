//! Letters and digits in another form: full width, mathematical, in circles, raised.

/// The first of a row of characters, how many there are, and what the first stands for. Rows of letters begin again behind `z`, and
/// rows of digits behind `9`.
const ROWS: [(u32, u32, u8); 19] = [
    (0x2074, 6, b'4'),
    (0x2080, 10, b'0'),
    (0x2460, 9, b'1'),
    (0x2474, 9, b'1'),
    (0x2488, 9, b'1'),
    (0x249c, 26, b'a'),
    (0x24b6, 52, b'a'),
    (0x24ea, 1, b'0'),
    (0x2776, 9, b'1'),
    (0x2780, 9, b'1'),
    (0xff10, 10, b'0'),
    (0xff21, 26, b'a'),
    (0xff41, 26, b'a'),
    (0x1_d400, 676, b'a'),
    (0x1_d7ce, 50, b'0'),
    (0x1_f130, 26, b'a'),
    (0x1_f150, 26, b'a'),
    (0x1_f170, 26, b'a'),
    (0x1_f1e6, 26, b'a'),
];
/// Letters that stand apart, because they are older than the mathematical ones.
const APART: [(u32, u8); 29] = [
    (0x2070, b'0'),
    (0x2071, b'i'),
    (0x207f, b'n'),
    (0x2102, b'c'),
    (0x210a, b'g'),
    (0x210b, b'h'),
    (0x210c, b'h'),
    (0x210d, b'h'),
    (0x210e, b'h'),
    (0x2110, b'i'),
    (0x2111, b'i'),
    (0x2112, b'l'),
    (0x2113, b'l'),
    (0x2115, b'n'),
    (0x2119, b'p'),
    (0x211a, b'q'),
    (0x211b, b'r'),
    (0x211c, b'r'),
    (0x211d, b'r'),
    (0x2124, b'z'),
    (0x2128, b'z'),
    (0x212a, b'k'),
    (0x212c, b'b'),
    (0x212d, b'c'),
    (0x212f, b'e'),
    (0x2130, b'e'),
    (0x2131, b'f'),
    (0x2133, b'm'),
    (0x2134, b'o'),
];

/// The letter or digit that a character is another form of.
pub(super) fn plain(character: u32) -> Option<u8> {
    let in_row = ROWS.iter().find_map(|(first, length, meant)| {
        let at = character.checked_sub(*first).filter(|at| at < length)?;
        let around = if meant.is_ascii_digit() { 10 } else { 26 };
        u8::try_from(at % around).ok()?.checked_add(*meant)
    });
    in_row.or_else(|| {
        let apart = APART.iter().find(|(known, _)| *known == character);
        apart.map(|(_, meant)| *meant)
    })
}

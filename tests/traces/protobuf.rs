//! Reads protobuf without a schema: fields by their numbers.

/// The value of a field.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

/// The fields of a message, in order.
pub(super) fn fields(bytes: &[u8]) -> Vec<(u64, Field)> {
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let key = varint(bytes, &mut at);
        let value = match key & 7 {
            0 => Field::Number(varint(bytes, &mut at)),
            1 => Field::Number(u64::from_le_bytes(take(bytes, &mut at, 8).try_into().unwrap())),
            2 => {
                let length = usize::try_from(varint(bytes, &mut at)).unwrap();
                Field::Bytes(take(bytes, &mut at, length).to_vec())
            }
            5 => Field::Number(u32::from_le_bytes(take(bytes, &mut at, 4).try_into().unwrap()).into()),
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, value));
    }
    found
}

/// All messages, texts or byte strings in the fields of that number.
pub(super) fn all(bytes: &[u8], number: u64) -> Vec<Vec<u8>> {
    let found = fields(bytes).into_iter();
    found
        .filter_map(|(own, field)| match field {
            Field::Bytes(bytes) if own == number => Some(bytes),
            _ => None,
        })
        .collect()
}

/// The number in the field of that number; 0 where there is none, as protobuf has it.
pub(super) fn number(bytes: &[u8], number: u64) -> u64 {
    let mut found = fields(bytes).into_iter();
    found
        .find_map(|(own, field)| match field {
            Field::Number(value) if own == number => Some(value),
            _ => None,
        })
        .unwrap_or_default()
}

/// The text in the field of that number.
pub(super) fn text(bytes: &[u8], number: u64) -> String {
    let found = all(bytes, number).into_iter().next().unwrap_or_default();
    String::from_utf8(found).unwrap()
}

fn take<'a>(bytes: &'a [u8], at: &mut usize, length: usize) -> &'a [u8] {
    let taken = &bytes[*at..*at + length];
    *at += length;
    taken
}

fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = take(bytes, at, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}

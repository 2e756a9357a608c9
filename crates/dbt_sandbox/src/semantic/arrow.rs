//! A page of a result as an Arrow IPC stream: a schema, one batch of rows, and the end.

use arrow_format::ipc::{
    Bool, Buffer, Endianness, Field, FieldNode, FloatingPoint, Int, Message, MessageHeader, MetadataVersion,
    Precision, RecordBatch, Schema, TimeUnit, Timestamp, Type, Utf8,
};
use planus::Builder;
use serde_json::Value;

use super::table::{CellType, SemanticTable};

/// Buffers and messages begin at multiples of this.
const ALIGNMENT: usize = 8;
/// Before each message, and before the length 0 that ends the stream.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The bytes of a page.
pub(super) fn stream(table: &SemanticTable, page: usize) -> Vec<u8> {
    let rows = table.page(page);
    let fields = table
        .names
        .iter()
        .zip(&table.types)
        .map(|(name, of)| field(name, *of))
        .collect();
    let schema = Schema {
        endianness: Endianness::Little,
        fields: Some(fields),
        custom_metadata: None,
        features: None,
    };
    let mut bytes = Vec::new();
    put(&mut bytes, MessageHeader::Schema(Box::new(schema)), &[]);

    let mut columns = ColumnBuffers::default();
    for (at, of) in table.types.iter().enumerate() {
        let cells: Vec<&Value> = rows
            .iter()
            .map(|row| row.get(at).unwrap_or(&Value::Null))
            .collect();
        columns.add(*of, &cells);
    }
    let batch = RecordBatch {
        length: length(rows.len()),
        nodes: Some(columns.nodes),
        buffers: Some(columns.buffers),
        compression: None,
    };
    put(
        &mut bytes,
        MessageHeader::RecordBatch(Box::new(batch)),
        &columns.body,
    );
    bytes.extend(CONTINUATION);
    bytes.extend(0_u32.to_le_bytes());
    bytes
}

fn field(name: &str, of: CellType) -> Field {
    let of = match of {
        CellType::Whole => Type::Int(Box::new(Int {
            bit_width: 64,
            is_signed: true,
        })),
        CellType::Number => Type::FloatingPoint(Box::new(FloatingPoint {
            precision: Precision::Double,
        })),
        CellType::Text => Type::Utf8(Box::new(Utf8 {})),
        CellType::Truth => Type::Bool(Box::new(Bool {})),
        CellType::Moment => Type::Timestamp(Box::new(Timestamp {
            unit: TimeUnit::Microsecond,
            timezone: None,
        })),
    };
    Field {
        name: Some(name.to_owned()),
        nullable: true,
        type_: Some(of),
        dictionary: None,
        children: Some(Vec::new()),
        custom_metadata: None,
    }
}

fn put(into: &mut Vec<u8>, header: MessageHeader, body: &[u8]) {
    let message = Message {
        version: MetadataVersion::V5,
        header: Some(header),
        body_length: length(body.len()),
        custom_metadata: None,
    };
    let mut builder = Builder::new();
    let mut metadata = builder.finish(&message, None).to_vec();
    metadata.resize(metadata.len().next_multiple_of(ALIGNMENT), 0);
    into.extend(CONTINUATION);
    into.extend(u32::try_from(metadata.len()).unwrap_or(u32::MAX).to_le_bytes());
    into.extend(metadata);
    into.extend(body);
}

#[derive(Debug, Default)]
struct ColumnBuffers {
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
    body: Vec<u8>,
}

impl ColumnBuffers {
    fn add(&mut self, of: CellType, cells: &[&Value]) {
        let empty = cells.iter().filter(|cell| cell.is_null()).count();
        self.nodes.push(FieldNode {
            length: length(cells.len()),
            null_count: length(empty),
        });
        self.buffer(&bits(cells.iter().map(|cell| !cell.is_null())));
        match of {
            CellType::Whole => self.fixed(cells, |cell| cell.as_i64().unwrap_or_default().to_le_bytes()),
            CellType::Number => self.fixed(cells, |cell| cell.as_f64().unwrap_or_default().to_le_bytes()),
            CellType::Moment => self.fixed(cells, |cell| micros(cell).to_le_bytes()),
            CellType::Truth => {
                self.buffer(&bits(cells.iter().map(|cell| cell.as_bool().unwrap_or_default())));
            }
            CellType::Text => {
                let (mut offsets, mut text) = (0_u32.to_le_bytes().to_vec(), Vec::new());
                for cell in cells {
                    match cell {
                        Value::Null => {}
                        Value::String(cell) => text.extend(cell.as_bytes()),
                        other => text.extend(other.to_string().into_bytes()),
                    }
                    offsets.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                }
                self.buffer(&offsets);
                self.buffer(&text);
            }
        }
    }

    fn fixed(&mut self, cells: &[&Value], bytes: impl Fn(&Value) -> [u8; 8]) {
        let all: Vec<u8> = cells.iter().flat_map(|cell| bytes(cell)).collect();
        self.buffer(&all);
    }

    fn buffer(&mut self, bytes: &[u8]) {
        self.buffers.push(Buffer {
            offset: length(self.body.len()),
            length: length(bytes.len()),
        });
        self.body.extend(bytes);
        self.body.resize(self.body.len().next_multiple_of(ALIGNMENT), 0);
    }
}

fn bits(truths: impl Iterator<Item = bool>) -> Vec<u8> {
    let truths: Vec<bool> = truths.collect();
    truths
        .chunks(8)
        .map(|eight| {
            eight
                .iter()
                .rev()
                .fold(0, |byte, truth| byte << 1 | u8::from(*truth))
        })
        .collect()
}

fn micros(cell: &Value) -> i64 {
    let text = cell.as_str().unwrap_or_default();
    let moment = format!("{text}Z").parse::<jiff::Timestamp>();
    moment.map(jiff::Timestamp::as_microsecond).unwrap_or_default()
}

fn length(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

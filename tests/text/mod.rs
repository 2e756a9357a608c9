//! Text from outside made safe: one visible line, and cells that read back.

pub(crate) mod cleaning;
mod plain;

//! Credentials made up at start. They guard made-up data on a loopback port, not secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

/// A version 4 UUID.
pub(in crate::sandbox) fn uuid() -> String {
    let bits = fastrand::u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        bits >> 96,
        (bits >> 80) & 0xffff,
        (bits >> 68) & 0xfff,
        8 | ((bits >> 64) & 0x3),
        (bits >> 48) & 0xfff,
        bits & 0xffff_ffff_ffff
    )
}

/// An API key as Metabase makes them: `mb_` and the base64 of 32 bytes.
pub(in crate::sandbox) fn api_key() -> SecretString {
    SecretString::from(format!("mb_{}", STANDARD.encode(bytes())))
}

/// A shared secret as Metabase makes them: 64 hexadecimal digits.
pub(in crate::sandbox) fn secret() -> SecretString {
    let digits: String = bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    SecretString::from(digits)
}

fn bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    fastrand::fill(&mut bytes);
    bytes
}

//! Credentials made up at start. They guard made-up data on a loopback port, not secrets.

use secrecy::SecretString;

/// A version 4 UUID.
pub(crate) fn uuid() -> String {
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

/// A shared secret as Metabase makes them: 64 hexadecimal digits.
pub(crate) fn secret() -> SecretString {
    SecretString::from(format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..)))
}

/// An API key of the form that Metabase makes: `mb_` and 44 characters.
pub(crate) fn api_key() -> SecretString {
    let low = fastrand::u64(..) & 0xffff_ffff_ffff;
    SecretString::from(format!("mb_{:032x}{low:012x}", fastrand::u128(..)))
}

//! TEMPORARY
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Email,
    Phone,
}
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    Ambiguous,
    Empty,
    MalformedAddress,
    MalformedNumber,
    TooLong,
    UnassignableNumber,
    WrongKind,
}
pub struct Recipient(String);
impl Recipient {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn digest_input(&self) -> &[u8] {
        self.0.as_bytes()
    }
    pub fn masked(&self) -> String {
        "***".into()
    }
}
pub fn knows_region(_: &str) -> bool {
    true
}
pub fn parse(text: &str, _kind: Option<Kind>, _region: Option<&str>) -> Result<Recipient, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    Ok(Recipient(text.to_lowercase()))
}

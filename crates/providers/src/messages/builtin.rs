//! The templates that are there without an operator's doing: every channel in English, Hindi, Indonesian, Russian and
//! Uzbek.

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("templates/", $name)))),*]
    };
}

/// Names and sources.
pub(super) const ALL: &[(&str, &str)] = builtin![
    "email.en.html",
    "email.en.subject.txt",
    "email.en.txt",
    "email.hi.html",
    "email.hi.subject.txt",
    "email.hi.txt",
    "email.id.html",
    "email.id.subject.txt",
    "email.id.txt",
    "email.ru.html",
    "email.ru.subject.txt",
    "email.ru.txt",
    "email.uz.html",
    "email.uz.subject.txt",
    "email.uz.txt",
    "sms.en.txt",
    "sms.hi.txt",
    "sms.id.txt",
    "sms.ru.txt",
    "sms.uz.txt",
    "voice.en.txt",
    "voice.hi.txt",
    "voice.id.txt",
    "voice.ru.txt",
    "voice.uz.txt",
];

/// The source of `name`.
pub(super) fn source(name: &str) -> Option<&'static str> {
    ALL.iter().find_map(|(own, source)| (*own == name).then_some(*source))
}

#[cfg(test)]
mod tests;

//! Amazon Polly's voices, and what they speak.

/// The languages of a voice, `Joanna` or `Joanna-Neural`; none where it isn't known here. The names are those of twilio-java's
/// list, the languages those of [Polly's own page](https://docs.aws.amazon.com/polly/latest/dg/available-voices.html).
pub(super) fn languages(name: &str) -> impl Iterator<Item = &'static str> {
    let name = name.split('-').next().unwrap_or_default();
    let is_spoken = move |(_, names): &&(&str, &[&str])| names.contains(&name);
    SPOKEN.iter().filter(is_spoken).map(|(language, _)| *language)
}

/// Names by language, as Twilio writes it. Aditi and Kajal speak two.
#[rustfmt::skip]
const SPOKEN: &[(&str, &[&str])] = &[
    ("ar-AE", &["Hala", "Zayd"]),
    ("arb", &["Zeina"]),
    ("ca-ES", &["Arlet"]),
    ("cmn-CN", &["Zhiyu"]),
    ("cy-GB", &["Gwyneth"]),
    ("da-DK", &["Mads", "Naja", "Sofie"]),
    ("de-AT", &["Hannah"]),
    ("de-DE", &["Daniel", "Hans", "Marlene", "Vicki"]),
    ("en-AU", &["Nicole", "Olivia", "Russell"]),
    ("en-GB", &["Amy", "Arthur", "Brian", "Emma"]),
    ("en-GB-WLS", &["Geraint"]),
    ("en-IE", &["Niamh"]),
    ("en-IN", &["Aditi", "Kajal", "Raveena"]),
    ("en-NZ", &["Aria"]),
    ("en-US", &["Danielle", "Gregory", "Ivy", "Joanna", "Joey", "Justin", "Kendra", "Kevin", "Kimberly", "Matthew", "Ruth",
        "Salli", "Stephen"]),
    ("en-ZA", &["Ayanda"]),
    ("es-ES", &["Conchita", "Enrique", "Lucia", "Sergio"]),
    ("es-MX", &["Andres", "Mia", "Mía"]),
    ("es-US", &["Lupe", "Miguel", "Pedro", "Penelope"]),
    ("fi-FI", &["Suvi"]),
    ("fr-BE", &["Isabelle"]),
    ("fr-CA", &["Chantal", "Gabrielle", "Liam"]),
    ("fr-FR", &["Celine", "Lea", "Mathieu", "Remi", "Rémi"]),
    ("hi-IN", &["Aditi", "Kajal"]),
    ("is-IS", &["Dora", "Karl"]),
    ("it-IT", &["Adriano", "Bianca", "Carla", "Giorgio"]),
    ("ja-JP", &["Kazuha", "Mizuki", "Takumi", "Tomoko"]),
    ("ko-KR", &["Seoyeon"]),
    ("nb-NO", &["Ida", "Liv"]),
    ("nl-BE", &["Lisa"]),
    ("nl-NL", &["Laura", "Lotte", "Ruben"]),
    ("pl-PL", &["Ewa", "Jacek", "Jan", "Maja", "Ola"]),
    ("pt-BR", &["Camila", "Ricardo", "Thiago", "Vitoria"]),
    ("pt-PT", &["Cristiano", "Ines"]),
    ("ro-RO", &["Carmen"]),
    ("ru-RU", &["Maxim", "Tatyana"]),
    ("sv-SE", &["Astrid", "Elin"]),
    ("tr-TR", &["Burcu", "Filiz"]),
    ("yue-CN", &["Hiujin"]),
];

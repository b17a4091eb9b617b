//! Names of cultures, by which a client knows how an amount is written.

use billing::money::Currency;
use serde::Serialize;

/// The name of a culture that clients know: one of them throws over any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Culture(String);

/// Country, its currency, and its languages, the first where none of them is the one that is asked for.
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("AE", "AED", "ar"),
    ("AR", "ARS", "es"),
    ("AT", "EUR", "de"),
    ("AU", "AUD", "en"),
    ("BE", "EUR", "nl fr"),
    ("BR", "BRL", "pt"),
    ("CA", "CAD", "en fr"),
    ("CH", "CHF", "de fr it"),
    ("CL", "CLP", "es"),
    ("CN", "CNY", "zh"),
    ("CO", "COP", "es"),
    ("CZ", "CZK", "cs"),
    ("DE", "EUR", "de"),
    ("DK", "DKK", "da"),
    ("EE", "EUR", "et"),
    ("EG", "EGP", "ar"),
    ("ES", "EUR", "es"),
    ("FI", "EUR", "fi sv"),
    ("FR", "EUR", "fr"),
    ("GB", "GBP", "en"),
    ("GR", "EUR", "el"),
    ("HK", "HKD", "zh"),
    ("HR", "EUR", "hr"),
    ("HU", "HUF", "hu"),
    ("ID", "IDR", "id"),
    ("IE", "EUR", "en"),
    ("IL", "ILS", "he"),
    ("IN", "INR", "hi en"),
    ("IS", "ISK", "is"),
    ("IT", "EUR", "it"),
    ("JP", "JPY", "ja"),
    ("KR", "KRW", "ko"),
    ("KW", "KWD", "ar"),
    ("LT", "EUR", "lt"),
    ("LU", "EUR", "fr de"),
    ("LV", "EUR", "lv"),
    ("MT", "EUR", "mt"),
    ("MX", "MXN", "es"),
    ("MY", "MYR", "ms"),
    ("NL", "EUR", "nl"),
    ("NO", "NOK", "nb"),
    ("NZ", "NZD", "en"),
    ("PE", "PEN", "es"),
    ("PH", "PHP", "en"),
    ("PL", "PLN", "pl"),
    ("PT", "EUR", "pt"),
    ("RO", "RON", "ro"),
    ("SA", "SAR", "ar"),
    ("SE", "SEK", "sv"),
    ("SG", "SGD", "en"),
    ("SI", "EUR", "sl"),
    ("SK", "EUR", "sk"),
    ("TH", "THB", "th"),
    ("TR", "TRY", "tr"),
    ("TW", "TWD", "zh"),
    ("UA", "UAH", "uk"),
    ("US", "USD", "en es"),
    ("VN", "VND", "vi"),
    ("ZA", "ZAR", "en"),
];

impl Culture {
    /// Of whoever lives in `country` (ISO 3166, two letters), reads `language` if it is one of that country's, and is
    /// billed in `currency`. `None` for a country that is not known and for one with another currency: a client would
    /// show the amount in that one.
    #[must_use]
    pub fn of(language: &str, country: &str, currency: Currency) -> Option<Self> {
        let known = COUNTRIES.iter().find(|(code, ..)| code.eq_ignore_ascii_case(country));
        let (country, _, languages) = known.filter(|(_, own, _)| *own == currency.code())?;
        let spoken = languages.split(' ').find(|spoken| spoken.eq_ignore_ascii_case(language));
        let language = spoken.or_else(|| languages.split(' ').next())?;
        Some(Self(format!("{language}-{country}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: &str, country: &str, currency: &str, expected: Option<&str>) {
        let culture = Culture::of(language, country, currency.parse().unwrap());
        assert_eq!(culture.as_ref().map(|culture| culture.0.as_str()), expected);
    }

    #[test]
    fn a_culture_is_a_language_of_the_country_that_pays_in_the_currency() {
        check("fr", "FR", "EUR", Some("fr-FR"));
        check("FR", "be", "EUR", Some("fr-BE"));
        check("en", "PT", "EUR", Some("pt-PT"));
        check("de", "CH", "CHF", Some("de-CH"));
        check("de", "CH", "EUR", None);
        check("de", "XX", "EUR", None);
        check("", "", "EUR", None);
    }

    #[test]
    fn every_country_has_a_currency_that_is_known() {
        for (country, currency, languages) in COUNTRIES {
            assert!(currency.parse::<Currency>().is_ok() && !languages.is_empty(), "{country}");
        }
        assert!(COUNTRIES.is_sorted());
    }
}

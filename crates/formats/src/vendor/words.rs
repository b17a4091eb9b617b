//! The words that the API spells in one way and reads in many.

use std::fmt;

use serde::{Serialize, Serializer};

/// Whether two words are the same to the API: any case, `_` ignored.
pub(super) fn same_word(a: &str, b: &str) -> bool {
    let letters =
        |text: &str| -> String { text.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect() };
    letters(a) == letters(b)
}

/// One enum of the wire: one spelling out, any case and any `_` in.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The spelling in a body.
            #[must_use]
            pub fn wire(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// The spelling in the path of a link: PascalCase.
            #[must_use]
            pub fn path_name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }

            /// Reads a word of a query or a path; `None` where the API does not know it.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let text = text.trim();
                Self::ALL.iter().copied().find(|word| same_word(word.wire(), text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.wire())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.wire())
            }
        }
    };
}

wire_enum! {
    /// Where line items come from.
    BillingProvider {
        None = "none",
        /// Licences of the older commerce.
        Office = "office",
        /// Azure of the older commerce.
        Azure = "azure",
        /// All of the modern commerce.
        OneTime = "one_time",
        /// Daily rated usage; the older word for it in requests.
        Marketplace = "marketplace",
        /// In requests only: an item never says so.
        All = "all",
    }
}

wire_enum! {
    InvoiceLineItemType {
        None = "none",
        UsageLineItems = "usage_line_items",
        BillingLineItems = "billing_line_items",
    }
}

wire_enum! {
    /// What kind of document an invoice is.
    DocumentType {
        None = "none",
        Invoice = "invoice",
        /// An invoice that no longer counts.
        VoidNote = "void_note",
        /// The document that replaces a voided one.
        AdjustmentNote = "adjustment_note",
    }
}

wire_enum! {
    /// The older commerce bills again and again, the modern one each purchase.
    InvoiceType {
        Recurring = "Recurring",
        OneTime = "OneTime",
    }
}

wire_enum! {
    /// Why a line is there.
    ChargeType {
        /// A purchase, or usage.
        New = "New",
        Renew = "renew",
        /// The next instalment of a term.
        CycleCharge = "cycleCharge",
        AddQuantity = "addQuantity",
        RemoveQuantity = "removeQuantity",
        CancelImmediate = "cancelImmediate",
        /// A refund.
        Cancel = "Cancel",
        Convert = "Convert",
        MoveQuantity = "moveQuantity",
        ChangeBillingPlan = "changeBillingPlan",
        CustomerCredit = "customerCredit",
    }
}

wire_enum! {
    /// Which credit lowered the price of a day's usage.
    CreditType {
        NotApplied = "Credit Not Applied",
        AzureCredit = "Azure Credit Applied",
        PartnerEarnedCredit = "Partner Earned Credit Applied",
    }
}

wire_enum! {
    /// The month that an unbilled request asks for.
    QueryPeriod {
        None = "none",
        Current = "current",
        Previous = "previous",
    }
}

wire_enum! {
    /// The span of time that recorded use is added up in.
    Granularity {
        Daily = "daily",
        Hourly = "hourly",
    }
}

wire_enum! {
    /// Where a paged request goes on. Only the next and the first page are served.
    SeekOperation {
        Next = "next",
        Previous = "previous",
        First = "first",
        Last = "last",
        PageIndex = "page_index",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_with_any_underscore() {
        for text in ["OneTime", "onetime", "ONE_TIME", "one_time", " OneTime "] {
            assert_eq!(BillingProvider::parse(text), Some(BillingProvider::OneTime), "{text}");
        }
        for text in ["UsageLineItems", "USAGELINEITEMS", "usage_line_items"] {
            assert_eq!(InvoiceLineItemType::parse(text), Some(InvoiceLineItemType::UsageLineItems), "{text}");
        }
        assert_eq!(SeekOperation::parse("pageindex"), Some(SeekOperation::PageIndex));
        for text in ["", "azure_data_market", "office365", "one time", "ônetime"] {
            assert_eq!(BillingProvider::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_word_is_read_back_from_both_of_its_spellings() {
        for provider in BillingProvider::ALL {
            assert_eq!(BillingProvider::parse(provider.wire()), Some(*provider));
            assert_eq!(BillingProvider::parse(provider.path_name()), Some(*provider));
        }
        for kind in InvoiceLineItemType::ALL {
            assert_eq!(InvoiceLineItemType::parse(kind.path_name()), Some(*kind));
        }
        assert_eq!(serde_json::to_string(&ChargeType::AddQuantity).unwrap(), "\"addQuantity\"");
    }
}

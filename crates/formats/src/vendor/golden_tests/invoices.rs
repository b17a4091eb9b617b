//! Invoices and summaries.

use super::*;
use crate::vendor::request::{PageLimits, Request};

fn detail(kind: InvoiceType, id: &str, provider: BillingProvider, line_items: InvoiceLineItemType) -> InvoiceDetail {
    InvoiceDetail::linked(kind, id, provider, line_items)
}

/// An unpaid invoice of the modern commerce for February, without a statement.
fn invoice(id: &str, issued: WireDateTime, total: &str) -> Invoice {
    let kind = InvoiceType::OneTime;
    let lines = detail(kind, id, BillingProvider::OneTime, InvoiceLineItemType::BillingLineItems);
    Invoice {
        id: id.into(),
        invoice_date: issued,
        billing_period_start_date: Some(day(2, 1)),
        billing_period_end_date: Some(day(2, 29)),
        total_charges: money(total),
        paid_amount: money("0"),
        currency_code: Currency::EUR,
        currency_symbol: Currency::EUR.symbol(),
        pdf_download_link: None,
        tax_receipts: Vec::new(),
        invoice_details: vec![lines],
        amendments: Vec::new(),
        document_type: DocumentType::Invoice,
        amends_of: None,
        invoice_type: kind,
        links: Some(Links::own(invoice_uri(kind, id))),
        attributes: ResourceAttributes::INVOICE,
    }
}

fn amended() -> Invoice {
    let amendment = Invoice {
        billing_period_start_date: None,
        billing_period_end_date: None,
        paid_amount: money("-795.5"),
        invoice_details: vec![InvoiceDetail::unlinked(BillingProvider::OneTime, InvoiceLineItemType::BillingLineItems)],
        document_type: DocumentType::AdjustmentNote,
        amends_of: Some("G005498110".into()),
        links: None,
        ..invoice("G005498266", day(2, 12), "795.5")
    };
    Invoice {
        billing_period_start_date: Some(day(1, 1)),
        billing_period_end_date: Some(day(1, 31)),
        amendments: vec![amendment],
        document_type: DocumentType::VoidNote,
        ..invoice("G005498110", day(2, 7), "830")
    }
}

fn recurring() -> Invoice {
    let (kind, id) = (InvoiceType::Recurring, "D0410C2VX8");
    Invoice {
        paid_amount: money("-148.25"),
        invoice_details: vec![
            detail(kind, id, BillingProvider::Office, InvoiceLineItemType::BillingLineItems),
            detail(kind, id, BillingProvider::Azure, InvoiceLineItemType::UsageLineItems),
        ],
        invoice_type: kind,
        links: Some(Links::own(invoice_uri(kind, id))),
        ..invoice(id, day(3, 2), "148.25")
    }
}

#[test]
fn a_page_of_invoices() {
    let request = Request::parse("/v1/invoices?size=2&offset=0").unwrap();
    let page = request.query.offset_page(PageLimits::INVOICES).unwrap();
    let body = Collection::new(vec![amended(), recurring()], offset_page_links(&request, page, true));
    check(&body, include_str!("../golden/invoices.json"));
}

#[test]
fn one_invoice() {
    let id = "G005510327";
    let receipt =
        TaxReceipt { id: "7713094".into(), tax_receipt_pdf_download_link: Some(tax_receipt_uri(id, "7713094")) };
    let body = Invoice {
        pdf_download_link: Some(statement_uri(id)),
        tax_receipts: vec![receipt],
        ..invoice(id, day(3, 6), "321.26")
    };
    check(&body, include_str!("../golden/invoice.json"));
}

type Dates = [SummaryDate; 4];

fn at(date: WireDateTime) -> SummaryDate {
    SummaryDate::At(date)
}

/// A summary as it stands inside another one.
fn summary(balance: Amount, [accounted, first, paid, latest]: Dates, payment: JsonNumber) -> InvoiceSummary {
    InvoiceSummary {
        balance_amount: balance.into(),
        currency_code: balance.currency,
        currency_symbol: balance.currency.symbol(),
        accounting_date: accounted,
        first_invoice_creation_date: first,
        last_payment_date: paid,
        last_payment_amount: payment,
        latest_invoice_date: latest,
        details: Vec::new(),
        links: None,
        attributes: ResourceAttributes::INVOICE_SUMMARY,
    }
}

fn with_details(summary: InvoiceSummary, details: Vec<(InvoiceType, InvoiceSummary)>) -> InvoiceSummary {
    let details = details.into_iter().map(|(invoice_type, summary)| InvoiceSummaryDetail { invoice_type, summary });
    InvoiceSummary { details: details.collect(), links: Some(Links::own("/invoices/summary")), ..summary }
}

fn in_euros() -> InvoiceSummary {
    let euros = |minor| Amount { minor, currency: Currency::EUR };
    let first = |month, day| at(date(2022, month, day).into());
    let recurring = [at(day(3, 18)), first(5, 3), at(day(3, 18)), at(day(3, 2))];
    let one_time = [at(day(3, 6)), first(11, 8), at(day(2, 26)), at(day(3, 6))];
    let all = [at(day(3, 18)), first(5, 3), at(day(3, 18)), at(day(3, 6))];
    with_details(
        summary(euros(32126), all, money("148.25")),
        vec![
            (InvoiceType::Recurring, summary(euros(0), recurring, money("148.25"))),
            (InvoiceType::OneTime, summary(euros(32126), one_time, money("795.5"))),
        ],
    )
}

#[test]
fn summaries_of_two_currencies() {
    let yen = Amount { minor: 18_400, currency: "JPY".parse().unwrap() };
    let issued = at(day(3, 6));
    let one_time = summary(yen, [issued, issued, SummaryDate::Never, issued], JsonNumber::ZERO);
    let in_yen = with_details(one_time.clone(), vec![(InvoiceType::OneTime, one_time)]);
    let links = resource_links(&Request::parse("/v1/invoices/summaries").unwrap());
    check(&Collection::new(vec![in_euros(), in_yen], links), include_str!("../golden/summaries.json"));
}

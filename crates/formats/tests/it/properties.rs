//! Laws that hold for any bytes.

use std::io::{Cursor, Read};

use formats::source::Input;
use formats::usage::{UsageFormat, UsageItem, UsageOptions, usage_reader};
use proptest::prelude::*;

/// Hands the content out in pieces of changing, odd sizes.
struct Pieces {
    content: Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    turn: usize,
}

pub(crate) fn pieces(content: Vec<u8>, sizes: Vec<usize>) -> impl Read + Send + 'static {
    Pieces { content: Cursor::new(content), sizes, turn: 0 }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(buffer.len());
        self.turn += 1;
        self.content.read(&mut buffer[..size])
    }
}

/// Everything that reading a file says.
fn told(input: Input, format: Option<UsageFormat>) -> Vec<String> {
    match usage_reader(input, &UsageOptions { format }) {
        Err(error) => vec![format!("{error:?}")],
        Ok(reader) => reader.map(|item| format!("{item:?}")).collect(),
    }
}

fn whole(content: &[u8], format: Option<UsageFormat>) -> Vec<String> {
    told(Input::new("any", Cursor::new(content.to_vec())), format)
}

fn format() -> impl Strategy<Value = Option<UsageFormat>> {
    prop::option::of(prop::sample::select(UsageFormat::ALL.to_vec()))
}

/// Bytes that get further than random ones: pieces of real files in any order.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis\n",
        b"r-1,2026-09-14,s,m,1,units\n",
        b"SubscriptionId,Date,MeterCategory,MeterId,Quantity,Tags,Cost,BillingCurrency\n",
        b"s,9/14/2026,VM,m,1,a: b,1e-5,USD\n",
        b"{\"value\":[",
        b"{\"properties\":{\"usageStart\":\"2017-10-01T00:00:00Z\",\"meterId\":\"m\",\"usageQuantity\":1,\"subscriptionGuid\":\"s\"}}",
        b"{\"record_id\":\"r\",\"quantity\":1}\n",
        b"]}",
        b",",
        b"\"",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\xff",
        b"{",
        b"\x1f\x8b",
        b"PAR1",
        "é".as_bytes(),
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..20).prop_map(|pieces| pieces.concat())
}

fn field() -> impl Strategy<Value = String> {
    "[ -~äé\n\r\"]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(content in prop::collection::vec(any::<u8>(), 0..300), format in format()) {
        whole(&content, format);
    }

    #[test]
    fn no_fragments_are_too_much(content in fragments(), format in format()) {
        whole(&content, format);
    }

    #[test]
    fn the_size_of_the_reads_does_not_matter(
        content in fragments(),
        sizes in prop::collection::vec(1_usize..17, 1..6),
        format in format(),
    ) {
        let pieces = pieces(content.clone(), sizes);
        prop_assert_eq!(told(Input::new("any", pieces), format), whole(&content, format));
    }

    #[test]
    fn what_is_written_as_csv_is_read_back(rows in prop::collection::vec((field(), field(), 1_i64..1_000_000), 1..20)) {
        let mut content = String::from("record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,meter_name,product_name\r\n");
        for (number, (meter, product, quantity)) in rows.iter().enumerate() {
            content += &format!("r-{number},2026-09-14,s,m,{quantity},units,{},{}\r\n", quoted(meter), quoted(product));
        }
        let reader = usage_reader(Input::new("any", Cursor::new(content.into_bytes())), &UsageOptions::default()).unwrap();
        let mut line = 2;
        let mut read = Vec::new();
        for (item, (meter, product, _)) in reader.zip(&rows) {
            let UsageItem::Record { line: found, record } = item.unwrap() else { panic!("a record is rejected") };
            prop_assert_eq!(found, line);
            line += 1 + [meter, product].iter().map(|text| text.matches('\n').count() as u64).sum::<u64>();
            read.push((record.meter.name, record.product_name, record.quantity.to_string().parse::<i64>().unwrap()));
        }
        prop_assert_eq!(read, rows);
    }
}

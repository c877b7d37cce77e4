//! What a remote write says, read without the sandbox's help (Prometheus documentation,
//! "Prometheus Remote-Write 1.0 specification").

use std::collections::BTreeMap;

use crate::collector::expected::Labels;

/// The labels of each series in the body of a request.
pub(crate) fn series(body: &[u8]) -> impl Iterator<Item = Labels> {
    let message = snap::raw::Decoder::new().decompress_vec(body).unwrap();
    let all: Vec<Labels> = fields(&message)
        .filter(|(number, _)| *number == 1)
        .map(|(_, series)| labels(series))
        .collect();
    all.into_iter()
}

/// A message `TimeSeries`, of which a field 1 is a message `Label`: a name and a value.
fn labels(series: &[u8]) -> Labels {
    let labels = fields(series).filter(|(number, _)| *number == 1);
    labels
        .map(|(_, label)| {
            let parts: BTreeMap<u64, &[u8]> = fields(label).collect();
            let part = |number: u64| {
                let bytes = parts.get(&number).copied().unwrap_or_default();
                String::from_utf8(bytes.to_vec()).unwrap()
            };
            (part(1), part(2))
        })
        .collect()
}

/// The fields of a message that hold bytes; numbers are passed over (protobuf documentation,
/// "Encoding").
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        while !message.is_empty() {
            let key = varint(&mut message);
            match key & 7 {
                0 => _ = varint(&mut message),
                1 => message = &message[8..],
                2 => {
                    let length = usize::try_from(varint(&mut message)).unwrap();
                    let (content, rest) = message.split_at(length);
                    message = rest;
                    return Some((key >> 3, content));
                }
                5 => message = &message[4..],
                kind => panic!("a field of the kind {kind}"),
            }
        }
        None
    })
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = message.split_first().unwrap();
        *message = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

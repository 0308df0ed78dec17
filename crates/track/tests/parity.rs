//! The originals, id for id: every sequence against what the original put out.

mod mot;

use mot::parity;

#[test]
fn bytetrack_is_the_original_id_for_id() {
    parity::bytetrack(&mot::own_cases()).assert(29);
}

#[test]
fn deepsort_is_the_original_id_for_id() {
    parity::deepsort(&mot::own_cases()).assert(2);
}

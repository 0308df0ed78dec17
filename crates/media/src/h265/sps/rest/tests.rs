//! Each of the parts that may stand in front of the colour, and what is left of each when it is damaged.

use super::*;
use crate::colour::{Colour, Matrix};
use crate::h265::sps::tests::Writer;

type Write = fn(&mut Writer);

/// Values of the parts that a parameter set always has, up to the scaling lists.
fn blocks(out: &mut Writer) {
    out.ue(0).ue(3).ue(0).ue(3).ue(1).ue(1);
}

/// No picture sets, no long-term pictures, then a VUI: pixels of 12 to 11, full range, BT.2020.
fn nothing_else(out: &mut Writer) {
    out.ue(0).u(1, 0);
    vui(out);
}

fn vui(out: &mut Writer) {
    out.u(2, 0b11).u(1, 1);
    out.u(1, 1).u(8, 2).u(1, 0);
    out.u(1, 1).u(3, 5).u(1, 1).u(1, 1).u(8, 9).u(8, 14).u(8, 9).u(1, 0);
}

fn read(parts: &[Write], poc_bits: u32) -> (Rest, bool) {
    let mut out = Writer::default();
    parts.iter().for_each(|part| part(&mut out));
    let nal = out.nal();
    let mut rest = Rest::default();
    let whole = rest.read(&mut Bits::new(&nal[2..]), poc_bits).is_ok();
    (rest, whole)
}

fn is_read(rest: &Rest) -> bool {
    let colour = Colour { matrix: Matrix::Bt2020, full_range: true, stated: true };
    let aspect = rest.vui.pixel_aspect();
    rest.vui.colour(1080) == colour && (aspect.width, aspect.height) == (12, 11)
}

#[test]
fn what_stands_before_the_colour_is_crossed() {
    let plain: Write = |out| {
        out.u(1, 0).u(2, 0b11).u(1, 0);
    };
    let rows: [(&str, &[Write]); 8] = [
        ("nothing", &[plain, nothing_else]),
        (
            "default scaling lists",
            &[
                |out| {
                    out.u(2, 0b10).u(2, 0b11).u(1, 0);
                },
                nothing_else,
            ],
        ),
        (
            "scaling lists, written and copied",
            &[
                |out| {
                    out.u(2, 0b11);
                    for size in 0..4 {
                        for matrix in 0..if size == 3 { 2 } else { 6 } {
                            if matrix % 2 == 1 {
                                out.u(1, 0).ue(1);
                                continue;
                            }
                            out.u(1, 1);
                            if size > 1 {
                                out.ue(7);
                            }
                            for _ in 0..if size == 0 { 16 } else { 64 } {
                                out.ue(2);
                            }
                        }
                    }
                    out.u(2, 0b11).u(1, 0);
                },
                nothing_else,
            ],
        ),
        (
            "PCM",
            &[
                |out| {
                    out.u(1, 0).u(2, 0b11).u(1, 1).u(8, 0x77).ue(0).ue(2).u(1, 1);
                },
                nothing_else,
            ],
        ),
        (
            "long-term pictures of eight bits",
            &[plain, |out| {
                out.ue(0).u(1, 1).ue(2).u(8, 200).u(1, 1).u(8, 0).u(1, 0);
                vui(out);
            }],
        ),
        (
            "picture sets of their own",
            &[plain, |out| {
                out.ue(2);
                out.ue(2).ue(1).ue(0).u(1, 1).ue(3).u(1, 1).ue(0).u(1, 0);
                out.u(1, 0).ue(1).ue(0).ue(0).u(1, 1).u(1, 0);
                vui(out);
            }],
        ),
        // -1 -3 | 2, shifted by -2: -3 -5 (0 falls away) -2, of which -5 is left out; then three flags.
        (
            "picture sets as differences",
            &[plain, |out| {
                out.ue(3);
                out.ue(2).ue(1).ue(0).u(1, 1).ue(1).u(1, 1).ue(1).u(1, 1);
                out.u(1, 1).u(1, 1).ue(1).u(1, 1).u(2, 0b00).u(1, 1).u(2, 0b01);
                // Two pictures, -2 and -3, and the set itself.
                out.u(1, 1).u(1, 0).ue(0).u(3, 0b111);
                out.u(1, 0);
                vui(out);
            }],
        ),
        (
            "a picture set without pictures",
            &[plain, |out| {
                out.ue(2).ue(0).ue(0).u(1, 1).u(1, 0).ue(4).u(1, 1).u(1, 0);
                vui(out);
            }],
        ),
    ];
    for (name, parts) in rows {
        let parts = [&[blocks as Write][..], parts].concat();
        let (rest, whole) = read(&parts, 8);
        assert!(whole && is_read(&rest), "{name}");
        assert_eq!(rest.coding_tree_block, Some(64), "{name}");
    }
}

#[test]
fn pictures_of_a_set_stand_in_the_order_that_the_next_one_counts_by() {
    for (reference, negative, shift, flags, expected) in [
        (&[-1, -3, 2][..], true, 2, 0b1111, &[-2, -3, -5][..]),
        (&[-1, -3, 2], false, 1, 0b1111, &[-2, 1, 3]),
        (&[-4, 1, 3], true, 1, 0b1111, &[-1, -5, 2]),
        (&[-1, -2], false, 4, 0b111, &[2, 3, 4]),
        (&[], true, 1, 0b1, &[-1]),
    ] {
        let mut out = Writer::default();
        out.u(1, u64::from(negative)).ue(shift - 1).u(reference.len() as u32 + 1, flags);
        let nal = out.nal();
        let found = read_difference(&mut Bits::new(&nal[2..]), reference).unwrap();
        assert_eq!(found, expected, "{reference:?} {shift}");
    }
}

#[test]
fn what_makes_no_sense_ends_it_and_what_came_before_stands() {
    let plain: Write = |out| {
        out.u(1, 0).u(2, 0b11).u(1, 0);
    };
    let rows: [(&str, &[Write], Option<u32>); 5] = [
        (
            "blocks of 8",
            &[|out| {
                out.ue(0).ue(0);
            }],
            None,
        ),
        (
            "blocks of 128",
            &[|out| {
                out.ue(2).ue(2);
            }],
            None,
        ),
        (
            "65 picture sets",
            &[blocks, plain, |out| {
                out.ue(65);
            }],
            Some(64),
        ),
        (
            "17 pictures",
            &[blocks, plain, |out| {
                out.ue(1).ue(17).ue(0);
            }],
            Some(64),
        ),
        (
            "33 long-term pictures",
            &[blocks, plain, |out| {
                out.ue(0).u(1, 1).ue(33);
            }],
            Some(64),
        ),
    ];
    for (name, parts, block) in rows {
        let (rest, whole) = read(parts, 8);
        assert!(!whole, "{name}");
        assert_eq!(rest.coding_tree_block, block, "{name}");
        assert_eq!(rest.vui.colour(480), Colour::unstated(480), "{name}");
    }
}

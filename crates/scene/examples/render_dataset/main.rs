//! Renders pictures with their truth for training: `render_dataset FOLDER FIRST_SEED SEEDS
//! FRAMES_PER_SEED`.
//!
//! Writes `frames.npy` (frames x 360 x 640 x 3, red, green, blue) and `labels.csv` (frame, class,
//! left, top, right, bottom in pixels of that size, visible, inside, seed, number). Each picture went through
//! H.264 at one of several qualities and lost half its size as a bilinear filter would do it, so that the
//! model sees in training what it sees at work.
#![expect(clippy::print_stdout, reason = "a command-line example")]

mod halve;

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::Path;

use halve::halve;
use openh264::decoder::Decoder;
use razz_scene::{Canvas, Encoder, Rate, Street};

/// Pictures encoded one after another, of which the last is kept: its blocks carry the errors of
/// prediction.
const RUN_UP: u64 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, first, seeds, per_seed] = args.as_slice() else {
        return Err("usage: render_dataset FOLDER FIRST_SEED SEEDS FRAMES_PER_SEED".into());
    };
    let (first, seeds, per_seed): (u64, u64, u64) =
        (first.parse()?, seeds.parse()?, per_seed.parse()?);
    create_dir_all(folder)?;
    let folder = Path::new(folder);
    let mut frames = BufWriter::new(File::create(folder.join("frames.npy"))?);
    let mut labels = BufWriter::new(File::create(folder.join("labels.csv"))?);
    let (width, height) = (Street::SIZE.width as usize / 2, Street::SIZE.height as usize / 2);
    write_npy_header(&mut frames, &[(seeds * per_seed) as usize, height, width, 3])?;
    writeln!(labels, "frame,class,left,top,right,bottom,visible,inside,seed,number")?;

    let mut canvas = Canvas::new();
    let mut rgb = vec![0u8; width * height * 3];
    let mut index = 0;
    for seed in first..first + seeds {
        let street = Street::new(seed);
        for sample in 0..per_seed {
            // A stride that shares no factor with the period spreads the samples over it.
            let number = (sample * Street::PERIOD / per_seed + seed * 17) % Street::PERIOD;
            let rate = [Some(900_000), None, Some(2_000_000), None, Some(5_000_000), None]
                [(seed * 31 + sample * 7) as usize % 6];
            let mut encoder = Encoder::new(rate.map_or(Rate::Constant, Rate::Bitrate), 60)?;
            let mut decoder = Decoder::new()?;
            let run_up = if sample % 3 == 0 { 1 } else { RUN_UP };
            for back in (0..run_up).rev() {
                street.render(number + Street::PERIOD - back, &mut canvas);
                let encoded = encoder.encode(&canvas)?;
                let picture = decoder.decode(&encoded.annex_b)?.ok_or("no picture came out")?;
                if back == 0 {
                    halve(&picture, &mut rgb);
                }
            }
            frames.write_all(&rgb)?;
            for truth in street.truth(number) {
                let [left, top, right, bottom] = truth.bbox.to_array().map(|v| v / 2.0);
                writeln!(
                    labels,
                    "{index},{},{left:.2},{top:.2},{right:.2},{bottom:.2},{:.3},{:.3},{seed},{number}",
                    truth.class.0, truth.visible, truth.inside
                )?;
            }
            index += 1;
        }
        println!("seed {seed}: {index} pictures");
    }
    Ok(())
}

/// The header of NumPy's format, version 1.0, for unsigned bytes in C order.
fn write_npy_header(out: &mut impl Write, shape: &[usize]) -> std::io::Result<()> {
    let dict = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}",
        shape.iter().map(|n| format!("{n},")).collect::<String>()
    );
    let padded = (10 + dict.len() + 1).next_multiple_of(64) - 11;
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&((padded + 1) as u16).to_le_bytes())?;
    writeln!(out, "{dict:padded$}")
}

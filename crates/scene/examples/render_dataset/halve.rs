//! From a decoded picture to what the model is shown.

use openh264::formats::YUVSource;

/// Half the size: the mean of four luma samples with the chroma sample that they share, BT.709
/// limited range to RGB.
pub(crate) fn halve(picture: &impl YUVSource, rgb: &mut [u8]) {
    let (width, height) = picture.dimensions();
    let (y_stride, u_stride, v_stride) = picture.strides();
    let (luma, u, v) = (picture.y(), picture.u(), picture.v());
    for row in 0..height / 2 {
        for column in 0..width / 2 {
            let at = row * 2 * y_stride + column * 2;
            let sum: u32 = [luma[at], luma[at + 1], luma[at + y_stride], luma[at + y_stride + 1]]
                .into_iter()
                .map(u32::from)
                .sum();
            let y = (sum as f32 / 4.0 - 16.0) * (255.0 / 219.0);
            let cb = (f32::from(u[row * u_stride + column]) - 128.0) * (255.0 / 224.0);
            let cr = (f32::from(v[row * v_stride + column]) - 128.0) * (255.0 / 224.0);
            let out = &mut rgb[(row * (width / 2) + column) * 3..][..3];
            out[0] = (y + 1.5748 * cr + 0.5) as u8;
            out[1] = (y - 0.187_324 * cb - 0.468_124 * cr + 0.5) as u8;
            out[2] = (y + 1.8556 * cb + 0.5) as u8;
        }
    }
}

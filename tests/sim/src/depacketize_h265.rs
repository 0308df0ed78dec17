//! The receiving end of RFC 7798: RTP payloads back to NAL units, refusing what the RFC forbids.
//!
//! Written from the RFC and on purpose apart from the packetiser that it tests. It stands alone, so
//! that tests and fuzz targets elsewhere can include the file.

/// The NAL units of one access unit's payloads, in order.
///
/// # Errors
/// Says which payload breaks which rule of RFC 7798 for a single stream without interleaving.
pub fn depacketize_h265<'a>(
    payloads: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Vec<u8>>, String> {
    let mut nals: Vec<Vec<u8>> = Vec::new();
    let mut fragmented: Option<Vec<u8>> = None;
    for (index, payload) in payloads.into_iter().enumerate() {
        let wrong = |what: &str| format!("payload {index}: {what}");
        let [first, second, body @ ..] = payload else {
            return Err(wrong("shorter than a payload header"));
        };
        if first & 0x80 != 0 || second & 7 == 0 {
            return Err(wrong("forbidden_zero_bit set, or no temporal id"));
        }
        let kind = first >> 1 & 0x3F;
        if fragmented.is_some() && kind != 49 {
            return Err(wrong("a fragmented NAL unit was not finished"));
        }
        match kind {
            0..=47 => nals.push(payload.to_vec()),
            48 => aggregated(body, *second & 7, &mut nals).map_err(wrong)?,
            49 => {
                let [header, part @ ..] = body else {
                    return Err(wrong("FU without FU header"));
                };
                let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
                let original = [first & 0x81 | (header & 0x3F) << 1, *second];
                if start && end {
                    return Err(wrong("FU starts and ends a NAL unit"));
                }
                if part.is_empty() {
                    return Err(wrong("FU without data"));
                }
                let mut nal = match (start, fragmented.take()) {
                    (true, None) => original.to_vec(),
                    (false, Some(nal)) => nal,
                    (true, Some(_)) => return Err(wrong("FU starts in the middle of another")),
                    (false, None) => return Err(wrong("FU goes on without a start")),
                };
                if nal[..2] != original {
                    return Err(wrong("FU changes the NAL unit header"));
                }
                nal.extend_from_slice(part);
                if end {
                    nals.push(nal);
                } else {
                    fragmented = Some(nal);
                }
            }
            other => return Err(wrong(&format!("type {other} is none of RFC 7798"))),
        }
    }
    match fragmented {
        Some(_) => Err("the last NAL unit was not finished".to_owned()),
        None => Ok(nals),
    }
}

/// Takes an aggregation packet apart (section 4.4.2).
fn aggregated(mut rest: &[u8], temporal: u8, nals: &mut Vec<Vec<u8>>) -> Result<(), &'static str> {
    let mut lowest = None;
    let mut count = 0;
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let nal = after.get(..length).ok_or("AP: a size points past its end")?;
        let [first, second, ..] = nal else {
            return Err("AP: a NAL unit without header");
        };
        if first & 0x80 != 0 || first >> 1 & 0x3F > 47 {
            return Err("AP: a NAL unit that may not be aggregated");
        }
        lowest = lowest.min(Some(second & 7)).or(Some(second & 7));
        count += 1;
        nals.push(nal.to_vec());
        rest = &after[length..];
    }
    if !rest.is_empty() {
        return Err("AP: a byte too many");
    }
    if count < 2 {
        return Err("AP: fewer than two NAL units");
    }
    if lowest != Some(temporal) {
        return Err("AP: its temporal id is not the lowest of those inside");
    }
    Ok(())
}

//! What a camera does otherwise than the standards say, counted by kind.

razz_base::oddities! {
    /// An RTP packet shorter than its fixed header; dropped.
    RtpTooShort = "rtp_too_short",
    /// An RTP packet of a version other than 2; dropped.
    RtpVersion = "rtp_version",
    /// An RTP packet whose contributing sources go past its end; dropped.
    RtpCsrc = "rtp_csrc",
    /// An RTP packet whose header extension goes past its end; dropped.
    RtpExtension = "rtp_extension",
    /// An RTP packet with padding of no length, or longer than what it pads; dropped.
    RtpPadding = "rtp_padding",
    /// An RTCP packet where RTP packets come; taken as RTCP.
    RtcpAmongRtp = "rtcp_among_rtp",
    /// A payload type that is not the video's; dropped.
    UnknownPayloadType = "unknown_payload_type",
    /// All packets have a payload type that the SDP does not name; it is taken for the video's.
    PayloadTypeAdopted = "payload_type_adopted",
    /// A packet of another source among the video's; dropped.
    ForeignSsrc = "foreign_ssrc",
    /// The source of the video changed for good.
    NewSource = "new_source",
    /// A packet that came before; dropped.
    Duplicate = "duplicate",
    /// A packet that came after it was given up as lost; dropped.
    LatePacket = "late_packet",
    /// A packet that came after its successor, in time to be put back in its place.
    Reordered = "reordered",
    /// A single packet with a sequence number far away; dropped.
    StraySequence = "stray_sequence",
    /// The sequence numbers went on from far away.
    SequenceJump = "sequence_jump",
    /// A packet with no payload and no padding; it counts as received.
    EmptyPayload = "empty_payload",
    /// A packet with nothing but padding; it counts as received.
    PaddingOnly = "padding_only",
    /// An RTCP packet shorter than its header, or than its kind has to be; dropped.
    RtcpTooShort = "rtcp_too_short",
    /// An RTCP packet of a version other than 2; it and what follows it is dropped.
    RtcpVersion = "rtcp_version",
    /// An RTCP packet that says it goes past the end; dropped.
    RtcpLength = "rtcp_length",
    /// A sender report without a time; dropped.
    ReportWithoutTime = "report_without_time",
    /// A sender report of another source, which is not the video's; dropped.
    ForeignReport = "foreign_report",
    /// A sender report of another source, taken for the video's since no other ever came.
    ReportAdopted = "report_adopted",
    /// The source said that it ends (RTCP BYE).
    Bye = "bye",
    /// A NAL unit of a type that is reserved or not defined, or inside a packet that may not hold it;
    /// dropped.
    UnknownNalType = "unknown_nal_type",
    /// A NAL unit whose header no decoder takes: forbidden bit set, or no temporal id; dropped.
    NalHeader = "nal_header",
    /// A NAL unit of another layer than the lowest (H.265); dropped.
    OtherLayer = "other_layer",
    /// A NAL unit with nothing behind its header; dropped.
    EmptyNal = "empty_nal",
    /// A data partition of H.264's Extended profile, which no player shows; dropped.
    DataPartition = "data_partition",
    /// Filler data; dropped.
    Filler = "filler",
    /// An aggregation packet whose last size goes past its end; the NAL units before it are taken.
    AggregateCut = "aggregate_cut",
    /// A packet with decoding order numbers, which were not negotiated; they are skipped.
    DecodingOrderNumber = "decoding_order_number",
    /// A fragment too short for its headers; dropped.
    FragmentTooShort = "fragment_too_short",
    /// A fragment of a NAL unit whose start did not come; dropped.
    FragmentWithoutStart = "fragment_without_start",
    /// A fragmented NAL unit that was not finished when another began; dropped.
    FragmentUnfinished = "fragment_unfinished",
    /// A fragment that says another NAL unit type than the first of its NAL unit; taken as that.
    FragmentChanged = "fragment_changed",
    /// A NAL unit in one single fragment; taken.
    FragmentAlone = "fragment_alone",
    /// A fragmented NAL unit of a camera that never says where one ends; taken.
    FragmentEndUnsaid = "fragment_end_unsaid",
    /// A payload with start codes in it, as in a byte stream; split there.
    StartCodeInside = "start_code_inside",
    /// A parameter set that is too long, unreadable, or has an id that there is not; kept out of what
    /// stands in front of key pictures.
    ParameterSetKeptOut = "parameter_set_kept_out",
    /// A NAL unit that waited for a picture while too many others did; dropped.
    WaitingDropped = "waiting_dropped",
    /// A marker bit on a packet after which the picture went on.
    MarkerEarly = "marker_early",
    /// More of a source's first picture came after it had been handed on; it was handed on once more.
    FirstAgain = "first_again",
    /// A picture with the timestamp of the one before it.
    SameTimestamp = "same_timestamp",
    /// A piece of a picture that had been handed on already; dropped.
    LatePiece = "late_piece",
    /// A picture beyond the bounds of memory; dropped.
    UnitTooLarge = "unit_too_large",
    /// A payload of JPEG too short for its headers; dropped.
    JpegTooShort = "jpeg_too_short",
    /// A JPEG picture of a type that RFC 2435 does not define, or with tables that it may not have; dropped.
    JpegType = "jpeg_type",
    /// A field of an interlaced JPEG picture; dropped.
    JpegField = "jpeg_field",
    /// A JPEG picture whose quality factor is reserved: 0 has no tables and is dropped, above 99 is taken for
    /// 99.
    JpegQuality = "jpeg_quality",
    /// A JPEG picture whose quantisation tables never came; dropped.
    JpegWithoutTables = "jpeg_without_tables",
    /// A JPEG picture too large for RTP to say its size, which the SDP does not say either; dropped.
    JpegWithoutSize = "jpeg_without_size",
    /// A JPEG picture with headers of its own in the packets; they are taken.
    JpegHeadersInside = "jpeg_headers_inside",
    /// A JPEG picture of which packets are missing; dropped.
    JpegIncomplete = "jpeg_incomplete",
    /// The packets are of another coding than the SDP says.
    OtherCodec = "other_codec",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_and_a_place_of_its_own() {
        let mut counts = Counts::default();
        let mut names = BTreeSet::new();
        for (index, oddity) in Oddity::ALL.iter().enumerate() {
            (0..=index).for_each(|_| counts.add(*oddity));
            let name = oddity.name();
            assert!(names.insert(name), "{name} twice");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        }
        for (index, (oddity, count)) in counts.iter().enumerate() {
            assert_eq!(count, index as u64 + 1, "{}", oddity.name());
        }
    }
}

//! What cameras in the field do differently, each by a name.

/// Writes [`Quirk`] and what is known of each of its variants.
macro_rules! quirks {
    ($($(#[doc = $doc:literal])+ $quirk:ident = $name:literal $area:ident $over:ident $outcome:ident,)+) => {
        /// One thing that a camera does otherwise than the standards say, or than clients expect.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Quirk {
            $($(#[doc = $doc])+ $quirk,)+
        }

        impl Quirk {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$quirk,)+];

            /// A name for tables and command lines; it does not change.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$quirk => $name,)+ }
            }

            /// Where it shows.
            pub const fn area(self) -> Area {
                match self { $(Self::$quirk => Area::$area,)+ }
            }

            /// The transports over which it shows.
            pub const fn over(self) -> Over {
                match self { $(Self::$quirk => Over::$over,)+ }
            }

            /// What a client that deals with it well makes of it.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$quirk => Outcome::$outcome,)+ }
            }

            /// What such a camera does, in a sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$quirk => concat!($($doc,)+),)+ }
            }
        }
    };
}

/// Where a quirk shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Area {
    /// In what the camera says over RTSP.
    Dialogue,
    /// In how it wants its password proved; shows only with [`super::CameraOptions::credentials`].
    SigningIn,
    /// In the SDP.
    Description,
    /// In RTP and RTCP packets.
    Packets,
}

/// The transports over which a quirk shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// Interleaved and UDP.
    Both,
    /// Interleaved only.
    Tcp,
    /// UDP only.
    Udp,
}

/// What a client that deals well with a quirk gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Every picture that is sent, in one run that brings any.
    Kept,
    /// Pictures, after it dialled anew because the camera asked for it.
    Redialled,
    /// Nothing; it should say why.
    Unplayable,
}

quirks! {
    /// Asks the client `OPTIONS *` while it plays, and closes where no 200 with that CSeq comes
    /// within 5 s.
    AsksOptions = "asks-options" Dialogue Both Kept,
    /// Does as `asks-options`, with GET_PARAMETER.
    AsksGetParameter = "asks-get-parameter" Dialogue Both Kept,
    /// Does as `asks-options`, with SET_PARAMETER and a body.
    AsksSetParameter = "asks-set-parameter" Dialogue Both Kept,
    /// Does as `asks-options`, with ANNOUNCE and a new SDP.
    AsksAnnounce = "asks-announce" Dialogue Both Kept,
    /// Does as `asks-options`, with a method that nobody knows; any answer with that CSeq will
    /// do.
    AsksUnknown = "asks-unknown" Dialogue Both Kept,
    /// Sends REDIRECT to the client, once a second after it began to play, with its own address.
    AsksRedirect = "asks-redirect" Dialogue Both Redialled,
    /// Refuses DESCRIBE with 455 on a connection on which OPTIONS did not come first.
    OptionsFirst = "options-first" Dialogue Both Kept,
    /// Does as `options-first`, and closes the connection behind its 455.
    OptionsFirstThenCloses = "options-first-then-closes" Dialogue Both Kept,
    /// Closes the connection at a DESCRIBE before which no OPTIONS came, without a word.
    OptionsFirstSilent = "options-first-silent" Dialogue Both Kept,
    /// Never answers OPTIONS, GET_PARAMETER or SET_PARAMETER while it plays.
    KeepAliveUnanswered = "keep-alive-unanswered" Dialogue Both Kept,
    /// Answers OPTIONS, GET_PARAMETER and SET_PARAMETER with another CSeq while it plays.
    KeepAliveOtherCseq = "keep-alive-other-cseq" Dialogue Both Kept,
    /// Only GET_PARAMETER keeps a session alive, over TCP as well; OPTIONS is answered and does
    /// nothing.
    KeepAliveOnlyGetParameter = "keep-alive-only-get-parameter" Dialogue Both Kept,
    /// Only SET_PARAMETER keeps a session alive, over TCP as well; GET_PARAMETER is answered with
    /// 501.
    KeepAliveOnlySetParameter = "keep-alive-only-set-parameter" Dialogue Both Kept,
    /// Only OPTIONS keeps a session alive, over TCP as well; GET_PARAMETER and SET_PARAMETER are
    /// answered with 501.
    KeepAliveOnlyOptions = "keep-alive-only-options" Dialogue Both Kept,
    /// Only GET_PARAMETER keeps a session alive, over TCP as well, and `Public` does not name it;
    /// OPTIONS is answered and does nothing. A session ends three eighths of its timeout late.
    KeepAliveHidden = "keep-alive-hidden" Dialogue Both Redialled,
    /// Closes the connection at GET_PARAMETER or SET_PARAMETER, which `Public` does not name.
    KeepAliveGetParameterCloses = "keep-alive-get-parameter-closes" Dialogue Both Kept,
    /// The description's type is `application/sdp; charset=utf-8`.
    ContentTypeCharset = "content-type-charset" Dialogue Both Kept,
    /// The header is spelled `Content-type`.
    ContentTypeLowerCase = "content-type-lower-case" Dialogue Both Kept,
    /// The description has no `Content-Type`.
    ContentTypeMissing = "content-type-missing" Dialogue Both Kept,
    /// Answers have a header `X-Odd:` without a value.
    HeaderWithoutValue = "header-without-value" Dialogue Both Kept,
    /// Answers have a line without a colon among their headers.
    HeaderWithoutColon = "header-without-colon" Dialogue Both Kept,
    /// Long headers go on in a second line, as RFC 2326 section 15.1 takes from HTTP.
    HeadersFolded = "headers-folded" Dialogue Both Kept,
    /// Lines of an answer end with LF alone.
    LineFeedsOnly = "line-feeds-only" Dialogue Both Kept,
    /// A space stands between the name of a header and its colon.
    SpaceBeforeColon = "space-before-colon" Dialogue Both Kept,
    /// No space stands behind the colon of a header.
    SpaceMissing = "space-missing" Dialogue Both Kept,
    /// All names of headers are in lower case.
    HeadersLowerCase = "headers-lower-case" Dialogue Both Kept,
    /// The header is spelled `cseq`.
    CseqLowerCase = "cseq-lower-case" Dialogue Both Kept,
    /// Answers have no `CSeq`.
    CseqMissing = "cseq-missing" Dialogue Both Kept,
    /// Answers without a body say `Content-Length: 0`.
    ContentLengthZero = "content-length-zero" Dialogue Both Kept,
    /// The first line of an answer ends behind the number.
    ReasonMissing = "reason-missing" Dialogue Both Kept,
    /// The first line of an answer says `RTSP/2.0`.
    VersionOther = "version-other" Dialogue Both Kept,
    /// `Session` has parameters beyond the timeout.
    SessionExtraParameters = "session-extra-parameters" Dialogue Both Kept,
    /// `Session` has spaces around its signs, as in `1234 ; timeout = 60`.
    SessionTimeoutSpaces = "session-timeout-spaces" Dialogue Both Kept,
    /// `Session` names no timeout.
    SessionIdOnly = "session-id-only" Dialogue Both Kept,
    /// The session has another id in the answer to PLAY than in that to SETUP, and both are
    /// taken.
    SessionIdChanges = "session-id-changes" Dialogue Both Kept,
    /// Sends nothing unless its audio, which stands behind the video, is set up too.
    AudioNeeded = "audio-needed" Dialogue Both Kept,
    /// The answer to SETUP names channels 2 and 3 and not those that were asked for.
    ChannelsMoved = "channels-moved" Dialogue Tcp Kept,
    /// The answer to SETUP names one channel only, as `interleaved=0`.
    ChannelSingle = "channel-single" Dialogue Tcp Kept,
    /// The answer to SETUP names the channels that were asked for, and the packets come on 2 and
    /// 3.
    ChannelsUnlikeAnswer = "channels-unlike-answer" Dialogue Tcp Kept,
    /// The answer to SETUP names no channels.
    ChannelsUnnamed = "channels-unnamed" Dialogue Tcp Kept,
    /// The answer to SETUP has no `Transport`.
    TransportMissing = "transport-missing" Dialogue Both Kept,
    /// `ssrc` in `Transport` has spaces around it.
    TransportSsrcSpaces = "transport-ssrc-spaces" Dialogue Both Kept,
    /// `ssrc` in `Transport` is a decimal number.
    TransportSsrcDecimal = "transport-ssrc-decimal" Dialogue Both Kept,
    /// `ssrc` in `Transport` is not that of the packets.
    TransportSsrcWrong = "transport-ssrc-wrong" Dialogue Both Kept,
    /// `mode=play` in `Transport` is in lower case and without quotes.
    TransportModeUnquoted = "transport-mode-unquoted" Dialogue Both Kept,
    /// `Transport` has parameters that nobody knows, and an empty one.
    TransportUnknownParameters = "transport-unknown-parameters" Dialogue Both Kept,
    /// `Transport` does not say which ports the packets come from.
    ServerPortMissing = "server-port-missing" Dialogue Udp Kept,
    /// `source` in `Transport` is another address than that of the packets.
    SourceOther = "source-other" Dialogue Udp Kept,
    /// The answer to DESCRIBE has no `Content-Base`.
    ContentBaseMissing = "content-base-missing" Dialogue Both Kept,
    /// `Content-Base` does not end with a slash.
    ContentBaseWithoutSlash = "content-base-without-slash" Dialogue Both Kept,
    /// `Content-Base` is the address behind the camera's router, `rtsp://192.168.1.2/...`.
    ContentBasePrivate = "content-base-private" Dialogue Both Kept,
    /// The base is said in `Content-Location` in place of `Content-Base`.
    ContentLocation = "content-location" Dialogue Both Kept,
    /// The answer to PLAY has no `RTP-Info`.
    RtpInfoMissing = "rtp-info-missing" Dialogue Both Kept,
    /// `RTP-Info` has no `seq`.
    RtpInfoSeqMissing = "rtp-info-seq-missing" Dialogue Both Kept,
    /// `seq` in `RTP-Info` is the right number plus 65536.
    RtpInfoSeqTooLarge = "rtp-info-seq-too-large" Dialogue Both Kept,
    /// `seq` in `RTP-Info` is 20000 less than the first packet's.
    RtpInfoSeqWrong = "rtp-info-seq-wrong" Dialogue Both Kept,
    /// `seq` in `RTP-Info` is 1000 more than the first packet's.
    RtpInfoSeqAhead = "rtp-info-seq-ahead" Dialogue Both Kept,
    /// `rtptime` in `RTP-Info` is an hour off.
    RtpInfoTimeWrong = "rtp-info-time-wrong" Dialogue Both Kept,
    /// `rtptime` in `RTP-Info` does not fit 32 bits.
    RtpInfoTimeTooLarge = "rtp-info-time-too-large" Dialogue Both Kept,
    /// `RTP-Info` names a medium that was not set up first.
    RtpInfoSeveralUrls = "rtp-info-several-urls" Dialogue Both Kept,
    /// DESCRIBE is answered with 301 and the absolute address of another mount.
    Redirect301 = "redirect-301" Dialogue Both Kept,
    /// DESCRIBE is answered with 302 and the path of another mount.
    Redirect302Relative = "redirect-302-relative" Dialogue Both Kept,
    /// DESCRIBE is answered with 302 and the very address that was asked for.
    RedirectLoop = "redirect-loop" Dialogue Both Unplayable,
    /// The first picture comes before the answer to PLAY.
    MediaBeforePlayAnswer = "media-before-play-answer" Dialogue Both Kept,
    /// The answer to PLAY comes in two segments.
    PlayAnswerInTwo = "play-answer-in-two" Dialogue Both Kept,
    /// The answer to PLAY comes one byte at a time.
    PlayAnswerByteByByte = "play-answer-byte-by-byte" Dialogue Both Kept,
    /// Empty lines stand around every answer.
    BlankLines = "blank-lines" Dialogue Both Kept,
    /// Bytes that belong to nothing stand before every tenth picture.
    BytesBetweenFrames = "bytes-between-frames" Dialogue Tcp Kept,
    /// Each keep-alive is refused once with 401 and a new nonce.
    KeepAliveNewNonce = "keep-alive-new-nonce" SigningIn Both Kept,
    /// Every keep-alive is refused with 401 and a new nonce, whatever it says.
    KeepAliveRefused = "keep-alive-refused" SigningIn Both Kept,
    /// A nonce is good for one request; the next is refused with 401, a new nonce and
    /// `stale=TRUE`.
    NonceOnceStale = "nonce-once-stale" SigningIn Both Kept,
    /// A nonce is good for one request; the next is refused with 401 and a new nonce, without
    /// `stale`.
    NonceOnceSilent = "nonce-once-silent" SigningIn Both Kept,
    /// SETUP is refused with 401 and a new nonce once, although DESCRIBE passed.
    NonceAtSetup = "nonce-at-setup" SigningIn Both Kept,
    /// A nonce is good for one request, and each answer names the next in `Authentication-Info`.
    NextNonce = "next-nonce" SigningIn Both Kept,
    /// The connection is closed after the first 401.
    ClosesAfterChallenge = "closes-after-challenge" SigningIn Both Kept,
    /// Digest with `algorithm=MD5-sess`.
    DigestMd5Sess = "digest-md5-sess" SigningIn Both Kept,
    /// Digest with `algorithm=SHA-256`.
    DigestSha256 = "digest-sha256" SigningIn Both Kept,
    /// Digest with `algorithm=SHA-256-sess`.
    DigestSha256Sess = "digest-sha256-sess" SigningIn Both Kept,
    /// Digest with `algorithm=SHA-512-256`.
    DigestSha512 = "digest-sha512-256" SigningIn Both Kept,
    /// Digest with `algorithm=SHA-512-256-sess`.
    DigestSha512Sess = "digest-sha512-256-sess" SigningIn Both Kept,
    /// Digest with `qop="auth,auth-int"`.
    DigestAuthIntToo = "digest-auth-int-too" SigningIn Both Kept,
    /// Digest with `qop="auth-int"`.
    DigestAuthIntOnly = "digest-auth-int-only" SigningIn Both Kept,
    /// Digest without `qop`.
    DigestWithoutQop = "digest-without-qop" SigningIn Both Kept,
    /// Digest with `algorithm="MD5"`.
    DigestAlgorithmQuoted = "digest-algorithm-quoted" SigningIn Both Kept,
    /// Digest with `algorithm=md5`.
    DigestAlgorithmLowerCase = "digest-algorithm-lower-case" SigningIn Both Kept,
    /// Digest without `algorithm`.
    DigestAlgorithmAbsent = "digest-algorithm-absent" SigningIn Both Kept,
    /// Digest with `opaque`, which has to come back.
    DigestOpaque = "digest-opaque" SigningIn Both Kept,
    /// Digest in lower case and without spaces behind its commas.
    DigestTight = "digest-tight" SigningIn Both Kept,
    /// Two Digest headers, the first with an algorithm that nobody knows.
    DigestUnknownFirst = "digest-unknown-first" SigningIn Both Kept,
    /// Two Digest headers, SHA-256 and MD5; both are taken.
    DigestTwoAlgorithms = "digest-two-algorithms" SigningIn Both Kept,
    /// An unknown scheme, Digest and Basic in one header.
    SchemesInOneHeader = "schemes-in-one-header" SigningIn Both Kept,
    /// An unknown scheme, Digest and Basic in a header each.
    SchemesInSeveralHeaders = "schemes-in-several-headers" SigningIn Both Kept,
    /// Basic and Digest in a header each, and only Digest is taken.
    BasicFirst = "basic-first" SigningIn Both Kept,
    /// Basic and nothing else.
    BasicOnly = "basic-only" SigningIn Both Kept,
    /// The realm has quotes in it, each with a backslash.
    RealmEscapedQuotes = "realm-escaped-quotes" SigningIn Both Kept,
    /// The realm has quotes in it, as they are.
    RealmBareQuotes = "realm-bare-quotes" SigningIn Both Kept,
    /// The realm has commas and equals signs in it.
    RealmCommas = "realm-commas" SigningIn Both Kept,
    /// The realm is empty.
    RealmEmpty = "realm-empty" SigningIn Both Kept,
    /// The SDP has no `v=`.
    SdpWithoutVersion = "sdp-without-version" Description Both Kept,
    /// Lines of the SDP end with LF alone.
    SdpLineFeeds = "sdp-line-feeds" Description Both Kept,
    /// The session's attributes stand before its other lines.
    SdpAttributesFirst = "sdp-attributes-first" Description Both Kept,
    /// The SDP has lines of unknown types, an empty line, and one without a sign.
    SdpUnknownLines = "sdp-unknown-lines" Description Both Kept,
    /// The SDP's last line has no end.
    SdpCutShort = "sdp-cut-short" Description Both Kept,
    /// The SDP says H.265, the packets are H.264.
    SdpH265 = "sdp-h265" Description Both Kept,
    /// The medium's control address is absolute.
    ControlAbsolute = "control-absolute" Description Both Kept,
    /// The medium's control address is absolute and the one behind the camera's router.
    ControlAbsolutePrivate = "control-absolute-private" Description Both Kept,
    /// The medium's control address is a path from the root.
    ControlAbsolutePath = "control-absolute-path" Description Both Kept,
    /// The medium's control address is `*`.
    ControlStar = "control-star" Description Both Kept,
    /// Neither session nor medium has a control address.
    ControlMissing = "control-missing" Description Both Kept,
    /// The medium's control address has a query, without which SETUP is answered with 404.
    ControlWithQuery = "control-with-query" Description Both Kept,
    /// The SDP says payload type 96, the packets have 97.
    PayloadTypeOther = "payload-type-other" Description Both Kept,
    /// The `m=` line names several payload types, each with an encoding.
    PayloadTypesSeveral = "payload-types-several" Description Both Kept,
    /// An audio section stands before the video.
    AudioFirst = "audio-first" Description Both Kept,
    /// An audio section stands behind the video.
    AudioLast = "audio-last" Description Both Kept,
    /// A section of metadata stands behind the video.
    MetadataSection = "metadata-section" Description Both Kept,
    /// The SDP has no `sprop-parameter-sets`.
    SpropMissing = "sprop-missing" Description Both Kept,
    /// `sprop-parameter-sets` is cut off within its base64.
    SpropTruncated = "sprop-truncated" Description Both Kept,
    /// `sprop-parameter-sets` is empty.
    SpropEmpty = "sprop-empty" Description Both Kept,
    /// `sprop-parameter-sets` has more than two sets.
    SpropMany = "sprop-many" Description Both Kept,
    /// The SDP has no `fmtp`.
    FmtpMissing = "fmtp-missing" Description Both Kept,
    /// The SDP's `fmtp` has spaces around its signs and one more semicolon at its end.
    FmtpSpaces = "fmtp-spaces" Description Both Kept,
    /// The SDP says `h264/90000`.
    EncodingLowerCase = "encoding-lower-case" Description Both Kept,
    /// RTCP packets of 6 bytes.
    RtcpShort = "rtcp-short" Packets Both Kept,
    /// RTCP packets without a byte.
    RtcpEmpty = "rtcp-empty" Packets Both Kept,
    /// RTCP packets that say to be longer than they are.
    RtcpLengthTooLarge = "rtcp-length-too-large" Packets Both Kept,
    /// RTCP packets that say to be shorter than they are.
    RtcpLengthTooSmall = "rtcp-length-too-small" Packets Both Kept,
    /// RTCP packets of version 1.
    RtcpVersion = "rtcp-version" Packets Both Kept,
    /// Sender reports with the source description in front.
    RtcpSdesFirst = "rtcp-sdes-first" Packets Both Kept,
    /// RTCP packets of type APP.
    RtcpApp = "rtcp-app" Packets Both Kept,
    /// RTCP packets of type BYE, though the pictures go on.
    RtcpBye = "rtcp-bye" Packets Both Kept,
    /// RTP packets of 6 bytes among the others.
    RtpShort = "rtp-short" Packets Both Kept,
    /// RTP packets of version 1 among the others.
    RtpVersion = "rtp-version" Packets Both Kept,
    /// RTP packets without payload, with sequence numbers of their own.
    RtpEmptyNumbered = "rtp-empty-numbered" Packets Both Kept,
    /// RTP packets without payload, with the sequence number of the packet before.
    RtpEmptyBetween = "rtp-empty-between" Packets Both Kept,
    /// RTP packets of nothing but padding, with sequence numbers of their own.
    RtpPaddingOnlyNumbered = "rtp-padding-only-numbered" Packets Both Kept,
    /// RTP packets of nothing but padding, with the sequence number of the packet before.
    RtpPaddingOnlyBetween = "rtp-padding-only-between" Packets Both Kept,
    /// RTP packets that say to have more padding than bytes, with sequence numbers of their own.
    RtpPaddingTooLong = "rtp-padding-too-long" Packets Both Kept,
    /// Every RTP packet has padding behind its payload.
    RtpPadded = "rtp-padded" Packets Both Kept,
    /// Every RTP packet has a header extension.
    RtpExtended = "rtp-extended" Packets Both Kept,
    /// Every RTP packet names contributing sources.
    RtpContributors = "rtp-contributors" Packets Both Kept,
    /// RTP packets of an unknown payload type, with sequence numbers of the same row.
    UnknownPayloadTypeNumbered = "unknown-payload-type-numbered" Packets Both Kept,
    /// RTP packets of an unknown payload type, with sequence numbers of another row.
    UnknownPayloadTypeBetween = "unknown-payload-type-between" Packets Both Kept,
    /// NAL units of the types 0 and 24 to 31 filled with nonsense, with sequence numbers of their
    /// own.
    NonsenseNalsNumbered = "nonsense-nals-numbered" Packets Both Kept,
    /// NAL units of the types 0 and 24 to 31 filled with nonsense, with the sequence number of
    /// the packet before.
    NonsenseNalsBetween = "nonsense-nals-between" Packets Both Kept,
    /// NAL units of the types 14 to 23 filled with nonsense, with sequence numbers of their own.
    ReservedNals = "reserved-nals" Packets Both Kept,
    /// The first packets are the end of a fragmented NAL unit.
    FragmentTailFirst = "fragment-tail-first" Packets Both Kept,
    /// Every packet comes twice.
    DoublesAll = "doubles-all" Packets Both Kept,
    /// Every tenth packet comes twice.
    DoublesTenth = "doubles-tenth" Packets Both Kept,
    /// Every tenth packet comes again behind the next one.
    DoublesLater = "doubles-later" Packets Both Kept,
    /// The marker stands on the last packet of every slice; it takes pictures of several slices
    /// to show, as `Footage::clip_in_slices` makes them.
    MarkerEverySlice = "marker-every-slice" Packets Both Kept,
    /// The marker stands on every packet.
    MarkerEveryPacket = "marker-every-packet" Packets Both Kept,
    /// The marker stands on no packet.
    MarkerNever = "marker-never" Packets Both Kept,
    /// The marker stands on parameter sets as well, which have the picture's timestamp.
    MarkerOnParameterSets = "marker-on-parameter-sets" Packets Both Kept,
    /// An access unit delimiter with a timestamp and a marker of its own precedes every picture.
    DelimiterOwnTimestamp = "delimiter-own-timestamp" Packets Both Kept,
    /// An SEI with a timestamp and a marker of its own precedes every picture.
    InformationOwnTimestamp = "information-own-timestamp" Packets Both Kept,
    /// Parameter sets have a timestamp and a marker of their own.
    ParameterSetsOwnTimestamp = "parameter-sets-own-timestamp" Packets Both Kept,
    /// An access unit delimiter with the picture's timestamp precedes every picture.
    DelimiterInFront = "delimiter-in-front" Packets Both Kept,
    /// Each parameter set has a packet of its own.
    ParameterSetsApart = "parameter-sets-apart" Packets Both Kept,
    /// Each parameter set is alone in a STAP-A.
    ParameterSetsTogether = "parameter-sets-together" Packets Both Kept,
    /// Parameter sets stand in the SDP and nowhere else.
    ParameterSetsInSdpOnly = "parameter-sets-in-sdp-only" Packets Both Kept,
    /// Parameter sets precede every picture.
    ParameterSetsEveryPicture = "parameter-sets-every-picture" Packets Both Kept,
    /// Further parameter sets of other ids, which no picture uses, follow the right ones.
    ParameterSetsSpare = "parameter-sets-spare" Packets Both Kept,
    /// The parameter sets that pictures use have the ids 3 and 5 and not 0; others stand under 0.
    ParameterSetsOtherId = "parameter-sets-other-id" Packets Both Kept,
    /// Every second picture uses a PPS of another id; both stand in front of every IDR.
    ParameterSetsAlternate = "parameter-sets-alternate" Packets Both Kept,
    /// Pictures that fit are one STAP-A, parameter sets and slices together.
    WholePictureTogether = "whole-picture-together" Packets Both Kept,
    /// NAL units that fit a packet are fragmented all the same, into one fragment with both bits set.
    FragmentsWhole = "fragments-whole" Packets Both Kept,
    /// Parameter sets are one packet that looks like a single NAL unit, with start codes between them.
    StartCodesInside = "start-codes-inside" Packets Both Kept,
    /// Parameter sets have a start code in front within their packets.
    StartCodesInFront = "start-codes-in-front" Packets Both Kept,
    /// Filler stands behind every picture, in a packet of its own that has the marker.
    FillerLast = "filler-last" Packets Both Kept,
    /// Packets of up to 60000 bytes.
    LargePackets = "large-packets" Packets Tcp Kept,
    /// Packets of at most 200 bytes of payload.
    SmallPackets = "small-packets" Packets Both Kept,
    /// Neighbouring packets change places.
    SwappedNeighbours = "swapped-neighbours" Packets Udp Kept,
    /// Every tenth packet comes 20 ms late.
    LateTenth = "late-tenth" Packets Udp Kept,
    /// Packets come from other ports than the answer to SETUP says.
    OtherPort = "other-port" Packets Udp Kept,
    /// Packets come from another address than the connection's; on 127.0.0.1 only.
    OtherAddress = "other-address" Packets Udp Kept,
    /// Now and then a packet has another SSRC.
    StraySource = "stray-source" Packets Both Kept,
    /// The first packet of all has another SSRC.
    StraySourceFirst = "stray-source-first" Packets Both Kept,
    /// The sequence number jumps forward by 5000 once a second.
    SequenceJump = "sequence-jump" Packets Both Kept,
    /// The sequence number passes 65535 in the first second.
    SequenceWrap = "sequence-wrap" Packets Both Kept,
    /// The timestamp passes 2^32 after a second.
    TimestampWrap = "timestamp-wrap" Packets Both Kept,
    /// Every twentieth picture has a timestamp that is four hours off.
    TimestampOdd = "timestamp-odd" Packets Both Kept,
    /// Every second picture has the timestamp of the one before.
    TimestampsShared = "timestamps-shared" Packets Both Kept,
    /// No picture is an IDR; intra pictures with a recovery point SEI take their place.
    NoKeyFrame = "no-key-frame" Packets Both Kept,
    /// The first picture is the only IDR; intra pictures with a recovery point SEI take the place of
    /// the others.
    OneKeyFrame = "one-key-frame" Packets Both Kept,
}

impl Quirk {
    /// The quirk of a [`Self::name`].
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|quirk| quirk.name() == name)
    }
}

/// A set of quirks.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks([u64; 4]);

impl Quirks {
    /// None of them.
    pub const NONE: Self = Self([0; 4]);

    /// Whether `quirk` is among them.
    pub const fn has(self, quirk: Quirk) -> bool {
        let bit = quirk as usize;
        self.0[bit / 64] & 1 << (bit % 64) != 0
    }

    /// Whether any of these is among them.
    pub fn has_any(self, of: &[Quirk]) -> bool {
        of.iter().any(|quirk| self.has(*quirk))
    }

    /// These and `quirk`.
    #[must_use]
    pub const fn with(mut self, quirk: Quirk) -> Self {
        let bit = quirk as usize;
        self.0[bit / 64] |= 1 << (bit % 64);
        self
    }

    /// Those that are set, in the order of [`Quirk::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.iter().copied().filter(move |quirk| self.has(*quirk))
    }
}

impl From<Quirk> for Quirks {
    fn from(quirk: Quirk) -> Self {
        Self::NONE.with(quirk)
    }
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Self {
        quirks.into_iter().fold(Self::NONE, Self::with)
    }
}

impl std::fmt::Debug for Quirks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Quirk::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_words_with_hyphens_and_differ() {
        let names: BTreeSet<&str> = Quirk::ALL.iter().map(|quirk| quirk.name()).collect();
        assert_eq!(names.len(), Quirk::ALL.len());
        for quirk in Quirk::ALL {
            let name = quirk.name();
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
            assert_eq!(Quirk::find(name), Some(*quirk), "{name}");
            assert!(quirk.description().trim().ends_with('.'), "{name}: {}", quirk.description());
        }
        assert_eq!(Quirk::find("none-such"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_into_it_and_nothing_else() {
        for quirk in Quirk::ALL {
            let set = Quirks::from(*quirk);
            assert_eq!(set.iter().collect::<Vec<_>>(), [*quirk]);
        }
        let all: Quirks = Quirk::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Quirk::ALL.len());
        assert_eq!(Quirks::NONE.iter().count(), 0);
    }
}

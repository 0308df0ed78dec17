"""Writes H.265 with tiles, which x265 cannot: intra pictures of blocks of 16x16 that are sent as samples
(PCM) or predicted from their neighbours without a residual.

Rec. ITU-T H.265 (08/2021); sections stand at the lines that follow them.
"""

import random

SIDE = 16  # of a coding tree block, which is one coding block

# rangeTabLps (table 9-52), by states of four.
LPS = [
    [int(value) for value in row.split()]
    for row in """128 176 208 240|128 167 197 227|128 158 187 216|123 150 178 205|116 142 169 195|111 135 160 185
|105 128 152 175|100 122 144 166|95 116 137 158|90 110 130 150|85 104 123 142|81 99 117 135|77 94 111 128
|73 89 105 122|69 85 100 116|66 80 95 110|62 76 90 104|59 72 86 99|56 69 81 94|53 65 77 89|51 62 73 85
|48 59 69 80|46 56 66 76|43 53 63 72|41 50 59 69|39 48 56 65|37 45 54 62|35 43 51 59|33 41 48 56|32 39 46 53
|30 37 43 50|29 35 41 48|27 33 39 45|26 31 37 43|24 30 35 41|23 28 33 39|22 27 32 37|21 26 30 35|20 24 29 33
|19 23 27 31|18 22 26 30|17 21 25 28|16 20 23 27|15 19 22 25|14 18 21 24|14 17 20 23|13 16 19 22|12 15 18 21
|12 14 17 20|11 14 16 19|11 13 15 18|10 12 15 17|10 12 14 16|9 11 13 15|9 11 12 14|8 10 12 14|8 9 11 13
|7 9 11 12|7 9 10 12|7 8 10 11|6 8 9 11|6 7 9 10|6 7 8 9|2 2 2 2""".replace("\n", "").split("|")
]
# transIdxLps (table 9-53).
AFTER_LPS = [
    *[0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12, 13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21, 21, 22],
    *[22, 23, 24, 24, 25, 26, 26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34, 34, 35, 35, 35],
    *[36, 36, 36, 37, 37, 37, 38, 38, 63],
]
# initValue for I slices (tables 9-11 to 9-36).
INITIAL = {"part": 184, "predicted": 184, "chroma_mode": 63, "cbf_luma": 141, "cbf_chroma": 94}
QP = 30


class Bits:
    def __init__(self):
        self.bits = []

    def u(self, count, value):
        self.bits += [value >> at & 1 for at in reversed(range(count))]

    def ue(self, value):
        length = (value + 1).bit_length()
        self.u(length - 1, 0)
        self.u(length, value + 1)

    def se(self, value):
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def align(self):
        self.bits += [0] * (-len(self.bits) % 8)

    def bytes(self):
        assert len(self.bits) % 8 == 0
        text = "".join(map(str, self.bits))
        return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


class Cabac(Bits):
    """The arithmetic encoder (section 9.3.5), for one tile."""

    def __init__(self):
        super().__init__()
        self.restart()
        self.states = {name: self.initial(value) for name, value in INITIAL.items()}

    @staticmethod
    def initial(value):
        slope, offset = (value >> 4) * 5 - 45, ((value & 15) << 3) - 16
        state = min(max((slope * QP >> 4) + offset, 1), 126)  # equations 9-4 to 9-6
        return [63 - state, 0] if state <= 63 else [state - 64, 1]

    def restart(self):
        self.low, self.range, self.first, self.outstanding = 0, 510, True, 0

    def put(self, bit):
        if self.first:
            self.first = False
        else:
            self.bits.append(bit)
        self.bits += [1 - bit] * self.outstanding
        self.outstanding = 0

    def renormalise(self):
        while self.range < 256:
            if self.low < 256:
                self.put(0)
            elif self.low >= 512:
                self.low -= 512
                self.put(1)
            else:
                self.low -= 256
                self.outstanding += 1
            self.range <<= 1
            self.low <<= 1

    def decision(self, name, bit):
        state, most = self.states[name]
        lps = LPS[state][self.range >> 6 & 3]
        self.range -= lps
        if bit != most:
            self.low += self.range
            self.range = lps
            if state == 0:
                most = 1 - most
            self.states[name] = [AFTER_LPS[state], most]
        else:
            self.states[name] = [min(state + 1, 62), most]
        self.renormalise()

    def bypass(self, bit):
        self.low <<= 1
        if bit:
            self.low += self.range
        if self.low >= 1024:
            self.put(1)
            self.low -= 1024
        elif self.low < 512:
            self.put(0)
        else:
            self.low -= 512
            self.outstanding += 1

    def terminate(self, bit):
        self.range -= 2
        if not bit:
            self.renormalise()
            return
        self.low += self.range
        self.range = 2
        self.renormalise()
        self.put(self.low >> 9 & 1)
        self.u(2, self.low >> 7 & 3 | 1)
        self.align()


def escaped(payload):
    """With emulation prevention bytes (section 7.4.2), and where each byte of `payload` went."""
    out, places, zeros = bytearray(), [], 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        places.append(len(out))
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out), [*places, len(out)]


def nal(kind, payload):
    return b"\0\0\0\1" + bytes([kind << 1, 1]) + escaped(payload)[0]


def trailing(out):
    out.u(1, 1)
    out.align()
    return out.bytes()


def profile(out):
    out.u(8, 1)  # Main
    out.u(32, 0b11 << 29)
    out.u(4, 0b1001)
    out.u(44, 0)
    out.u(8, 93)


def parameter_sets(blocks, columns, rows, across):
    vps = Bits()
    vps.u(4, 0), vps.u(2, 3), vps.u(6, 0), vps.u(3, 0), vps.u(1, 1), vps.u(16, 0xFFFF)
    profile(vps)
    vps.u(1, 1), vps.ue(0), vps.ue(0), vps.ue(0)
    vps.u(6, 0), vps.ue(0), vps.u(2, 0)
    sps = Bits()
    sps.u(4, 0), sps.u(3, 0), sps.u(1, 1)
    profile(sps)
    sps.ue(0), sps.ue(1), sps.ue(blocks[0] * SIDE), sps.ue(blocks[1] * SIDE), sps.u(1, 0)
    sps.ue(0), sps.ue(0), sps.ue(4), sps.u(1, 1), sps.ue(0), sps.ue(0), sps.ue(0)
    sps.ue(1), sps.ue(0), sps.ue(0), sps.ue(2), sps.ue(0), sps.ue(0)
    sps.u(1, 0), sps.u(2, 0)  # scaling lists; asymmetric blocks, sample adaptive offset
    sps.u(1, 1), sps.u(8, 0x77), sps.ue(1), sps.ue(0), sps.u(1, 0)  # samples of 8 bits, filtered
    sps.ue(0), sps.u(1, 0), sps.u(2, 0), sps.u(2, 0)
    pps = Bits()
    pps.ue(0), pps.ue(0), pps.u(2, 0), pps.u(3, 0), pps.u(2, 0), pps.ue(0), pps.ue(0)
    pps.se(QP - 26), pps.u(3, 0), pps.se(0), pps.se(0), pps.u(4, 0)
    pps.u(2, 0b10)  # tiles_enabled_flag, entropy_coding_sync_enabled_flag
    pps.ue(len(columns) - 1), pps.ue(len(rows) - 1), pps.u(1, 0)
    for size in [*columns[:-1], *rows[:-1]]:
        pps.ue(size - 1)
    pps.u(1, across)  # loop_filter_across_tiles_enabled_flag
    pps.u(1, across)  # pps_loop_filter_across_slices_enabled_flag
    pps.u(1, 0), pps.u(1, 0), pps.u(1, 0), pps.ue(0), pps.u(2, 0)
    return nal(32, trailing(vps)) + nal(33, trailing(sps)) + nal(34, trailing(pps))


def block(out, dice):
    """coding_unit() of an intra picture (section 7.3.8.5)."""
    out.decision("part", 1)
    sent = dice.random() < 0.3
    out.terminate(int(sent))  # pcm_flag
    if sent:
        base, slope = dice.randrange(30, 200), dice.randrange(-3, 4)
        for y in range(SIDE):
            for x in range(SIDE):
                out.u(8, min(max(base + slope * (x - y // 2), 0), 255))
        for _ in range(2):
            out.u(8 * SIDE * SIDE // 4, int.from_bytes(bytes([dice.randrange(60, 200)]) * (SIDE * SIDE // 4)))
        out.restart()
        return
    if dice.random() < 0.3:
        out.decision("predicted", 1)
        candidate = dice.randrange(3)
        out.bypass(int(candidate > 0))
        if candidate > 0:
            out.bypass(candidate - 1)
    else:
        out.decision("predicted", 0)
        mode = dice.randrange(32)
        for at in reversed(range(5)):
            out.bypass(mode >> at & 1)
    out.decision("chroma_mode", 0)
    out.decision("cbf_chroma", 0)
    out.decision("cbf_chroma", 0)
    out.decision("cbf_luma", 0)


def tile(count, last, dice):
    """The blocks of a tile; `last` says that the slice ends with it."""
    out = Cabac()
    for at in range(count):
        block(out, dice)
        end = last and at == count - 1
        out.terminate(int(end))  # end_of_slice_segment_flag
    if not last:
        out.terminate(1)  # end_of_subset_one_bit
    return out.bytes()


def picture(blocks, columns, rows, across, each, dice):
    """An IDR: one slice, or `each` tile in a slice of its own."""
    tiles, top = [], 0
    for height in rows:
        left = 0
        for width in columns:
            tiles.append((top * blocks[0] + left, width * height))
            left += width
        top += height
    groups = [[one] for one in tiles] if each else [tiles]
    bits = (blocks[0] * blocks[1] - 1).bit_length()
    out = b""
    for group in groups:
        parts = [tile(count, at == len(group) - 1, dice) for at, (_, count) in enumerate(group)]
        offsets = [len(part) for part in parts[:-1]]
        # Offsets count emulation prevention bytes (section 7.4.7.1), which depend on the header before.
        for _ in range(4):
            head = Bits()
            address = group[0][0]
            head.u(1, int(address == 0)), head.u(1, 0), head.ue(0)
            if address:
                head.u(bits, address)
            head.ue(2), head.se(0)
            if across:
                head.u(1, 1)  # slice_loop_filter_across_slices_enabled_flag
            head.ue(len(offsets))
            if offsets:
                head.ue(15)
                for offset in offsets:
                    head.u(16, offset - 1)
            head = trailing(head)
            _, places = escaped(bytes([0x26, 1]) + head + b"".join(parts))
            begins = [2 + len(head) + sum(map(len, parts[:at])) for at in range(len(parts))]
            found = [places[end] - places[begin] for begin, end in zip(begins, begins[1:])]
            if found == offsets:
                break
            offsets = found
        assert found == offsets
        out += nal(19, head + b"".join(parts))
    return out


def stream(seed, blocks, columns, rows, across, each, count):
    dice = random.Random(seed)
    out = b""
    for _ in range(count):
        out += parameter_sets(blocks, columns, rows, across)
        out += picture(blocks, columns, rows, across, each, dice)
    return out

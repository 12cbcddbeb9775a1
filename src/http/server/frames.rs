//! Where the frames of an HTTP/2 connection begin and end (RFC 9113, section 4.1), for their time alone: what is in them
//! and whether it is right is h2's business.

/// Length, type, flags and stream.
const HEADER: usize = 9;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;

/// How far into a frame, and into a block of header fields, what has come reaches.
#[derive(Default)]
pub(super) struct Frames {
    header: [u8; HEADER],
    header_length: usize,
    payload_left: usize,
    in_data: bool,
    in_block: bool,
}

impl Frames {
    /// The next bytes of the connection, after its preface.
    pub(super) fn observe(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload_left > 0 {
                let taken = self.payload_left.min(bytes.len());
                self.payload_left -= taken;
                bytes = &bytes[taken..];
            } else {
                self.header[self.header_length] = bytes[0];
                self.header_length += 1;
                bytes = &bytes[1..];
                if self.header_length == HEADER {
                    self.begin_payload();
                }
            }
        }
    }

    fn begin_payload(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.header;
        self.header_length = 0;
        self.payload_left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.in_data = kind == DATA;
        if kind == HEADERS || kind == CONTINUATION {
            self.in_block = flags & END_HEADERS == 0;
        }
    }

    /// Whether the peer owes the rest of something that holds up all other frames and is not a part of a body.
    pub(super) fn is_incomplete(&self) -> bool {
        self.in_block || self.header_length > 0 || self.payload_left > 0 && !self.in_data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let length = u8::try_from(payload).unwrap();
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.resize(HEADER + payload, 0);
        frame
    }

    #[test]
    fn a_block_of_header_fields_is_whole_with_its_last_frame() {
        let frames = [
            frame(HEADERS, 0, 3),
            frame(CONTINUATION, 0, 0),
            frame(CONTINUATION, END_HEADERS, 2),
        ];
        let bytes = frames.concat();
        let mut seen = Frames::default();
        for (at, byte) in bytes.iter().enumerate() {
            seen.observe(&[*byte]);
            assert_eq!(seen.is_incomplete(), at + 1 < bytes.len(), "{at}");
        }
        // However it is cut.
        let mut seen = Frames::default();
        seen.observe(&[bytes, frame(HEADERS, END_HEADERS, 0)].concat());
        assert!(!seen.is_incomplete());
    }

    #[test]
    fn the_rest_of_a_body_may_take_its_time_and_the_rest_of_anything_else_not() {
        let settings = 0x4;
        for (kind, incomplete) in [(DATA, false), (settings, true)] {
            let mut seen = Frames::default();
            seen.observe(&frame(kind, 0, 5)[..12]);
            assert_eq!(seen.is_incomplete(), incomplete);
        }
    }
}

//! Messages to bytes and back: framing and MessagePack. Pure, incremental, capped.

//! Tests of the codec from outside. Transcripts are data, in `testdata/`; see [`transcript`].

mod bytes;
mod frames;
mod hostile;
mod round_trip;
mod samples;
mod transcript;

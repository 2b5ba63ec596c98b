//! The work queue's records as bytes; see the module above.

use trellis_core::snapshot::{ConnectionRecord, Header, JobRecord, Standing, TubeRecord};
use trellis_core::tube::{JobCounts, Pause, TubeCounts, Wait};
use trellis_core::{ConnectionId, Time};

use super::{CONNECTION, HEADER, JOB, Out, TUBE};
use crate::format::{FormatError, Reader, entry};

const READY: u8 = 0;
const RESERVED: u8 = 1;
const DELAYED: u8 = 2;
const BURIED: u8 = 3;

const HALF_CLOSED: u8 = 1;
const PRODUCER: u8 = 2;
const WORKER: u8 = 4;
const WAITS: u8 = 8;

pub(super) fn encode_header(header: &Header, out: &mut Out) {
    out.u8(HEADER);
    out.u64s(&[header.time.0, header.next_job, header.next_tube, header.next_arrival, header.next_burial]);
    out.u64s(&[header.total_jobs, header.job_timeouts, header.tubes, header.connections, header.jobs]);
}

pub(super) fn encode_tube(tube: &TubeRecord<'_>, out: &mut Out) {
    out.u8(TUBE);
    out.u32s(&[tube.number]);
    out.u64s(&[tube.created]);
    out.u8(u8::from(tube.pause.is_some()));
    if let Some(pause) = tube.pause {
        out.u32s(&[pause.seconds]);
        out.u64s(&[pause.until.0]);
    }
    out.u64s(&[tube.counts.puts, tube.counts.deletes, tube.counts.pauses]);
    entry::name(tube.name, &mut out.0);
}

pub(super) fn encode_connection(connection: &ConnectionRecord<'_>, out: &mut Out) {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.u8(CONNECTION);
    out.u64s(&[connection.id.to_bits()]);
    out.u32s(&[connection.used]);
    out.u8(flag(connection.half_closed, HALF_CLOSED)
        | flag(connection.producer, PRODUCER)
        | flag(connection.worker, WORKER)
        | flag(connection.wait.is_some(), WAITS));
    if let Some(wait) = connection.wait {
        out.u64s(&[wait.until.0, wait.arrival]);
    }
    out.length(connection.watched.len());
    out.u32s(connection.watched);
}

pub(super) fn encode_job(job: &JobRecord<'_>, out: &mut Out) {
    out.u8(JOB);
    out.u64s(&[job.id]);
    out.u32s(&[job.tube]);
    match job.standing {
        Standing::Ready => out.u8(READY),
        Standing::Reserved { holder, deadline } => {
            out.u8(RESERVED);
            out.u64s(&[holder.to_bits(), deadline.0]);
        }
        Standing::Delayed { until } => {
            out.u8(DELAYED);
            out.u64s(&[until.0]);
        }
        Standing::Buried { number } => {
            out.u8(BURIED);
            out.u64s(&[number]);
        }
    }
    out.u32s(&[job.priority, job.delay, job.ttr]);
    out.u64s(&[job.created_milliseconds]);
    let JobCounts { reserves, timeouts, releases, buries, kicks } = job.counts;
    out.u32s(&[reserves, timeouts, releases, buries, kicks]);
    out.long_bytes(job.body);
}

pub(super) fn decode_header(reader: &mut Reader<'_>) -> Result<Header, FormatError> {
    Ok(Header {
        time: Time(reader.u64()?),
        next_job: reader.u64()?,
        next_tube: reader.u64()?,
        next_arrival: reader.u64()?,
        next_burial: reader.u64()?,
        total_jobs: reader.u64()?,
        job_timeouts: reader.u64()?,
        tubes: reader.u64()?,
        connections: reader.u64()?,
        jobs: reader.u64()?,
    })
}

pub(super) fn decode_tube<'a>(reader: &mut Reader<'a>) -> Result<TubeRecord<'a>, FormatError> {
    let (number, created) = (reader.u32()?, reader.u64()?);
    let pause = match reader.u8()? {
        0 => None,
        _ => Some(Pause { seconds: reader.u32()?, until: Time(reader.u64()?) }),
    };
    let counts = TubeCounts { puts: reader.u64()?, deletes: reader.u64()?, pauses: reader.u64()? };
    Ok(TubeRecord { number, created, pause, counts, name: reader.short_str()? })
}

pub(super) fn decode_connection<'a>(
    reader: &mut Reader<'_>,
    watched: &'a mut Vec<u32>,
) -> Result<ConnectionRecord<'a>, FormatError> {
    let id = ConnectionId::from_bits(reader.u64()?);
    let used = reader.u32()?;
    let flags = reader.u8()?;
    let wait = match flags & WAITS {
        0 => None,
        _ => Some(Wait { until: Time(reader.u64()?), arrival: reader.u64()? }),
    };
    watched.clear();
    for _ in 0..reader.u32()? {
        watched.push(reader.u32()?);
    }
    Ok(ConnectionRecord {
        id,
        used,
        watched,
        wait,
        half_closed: flags & HALF_CLOSED != 0,
        producer: flags & PRODUCER != 0,
        worker: flags & WORKER != 0,
    })
}

pub(super) fn decode_job<'a>(reader: &mut Reader<'a>) -> Result<JobRecord<'a>, FormatError> {
    let (id, tube) = (reader.u64()?, reader.u32()?);
    let standing = match reader.u8()? {
        READY => Standing::Ready,
        RESERVED => Standing::Reserved {
            holder: ConnectionId::from_bits(reader.u64()?),
            deadline: Time(reader.u64()?),
        },
        DELAYED => Standing::Delayed { until: Time(reader.u64()?) },
        BURIED => Standing::Buried { number: reader.u64()? },
        tag => return Err(FormatError::Tag(tag, "state of a job")),
    };
    let (priority, delay, ttr) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let created_milliseconds = reader.u64()?;
    let counts = JobCounts {
        reserves: reader.u32()?,
        timeouts: reader.u32()?,
        releases: reader.u32()?,
        buries: reader.u32()?,
        kicks: reader.u32()?,
    };
    let body = reader.long_bytes()?;
    Ok(JobRecord { id, tube, standing, priority, delay, ttr, created_milliseconds, counts, body })
}

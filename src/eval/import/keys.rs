//! Which columns of the benchmark's databases point at which: their schemas mostly do not say, and without it no table
//! can be asked together with another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::ImportError;

/// By database: columns that point at a column whose values are unique.
const KEYS: [(&str, &str); 5] = [
    (
        "academic",
        "author.oid=organization.oid cite.cited=publication.pid cite.citing=publication.pid \
         domain_author.aid=author.aid domain_author.did=domain.did domain_conference.cid=conference.cid \
         domain_conference.did=domain.did domain_journal.did=domain.did domain_journal.jid=journal.jid \
         domain_keyword.did=domain.did domain_keyword.kid=keyword.kid domain_publication.did=domain.did \
         domain_publication.pid=publication.pid publication.cid=conference.cid publication.jid=journal.jid \
         publication_keyword.pid=publication.pid publication_keyword.kid=keyword.kid writes.aid=author.aid \
         writes.pid=publication.pid",
    ),
    (
        "advising",
        "area.course_id=course.course_id comment_instructor.instructor_id=instructor.instructor_id \
         comment_instructor.student_id=student.student_id course_offering.course_id=course.course_id \
         course_offering.semester=semester.semester_id course_prerequisite.pre_course_id=course.course_id \
         course_prerequisite.course_id=course.course_id course_tags_count.course_id=course.course_id \
         offering_instructor.offering_id=course_offering.offering_id \
         offering_instructor.instructor_id=instructor.instructor_id program_course.program_id=program.program_id \
         program_course.course_id=course.course_id program_requirement.program_id=program.program_id \
         student.program_id=program.program_id student_record.student_id=student.student_id \
         student_record.course_id=course.course_id student_record.semester=semester.semester_id \
         student_record.offering_id=course_offering.offering_id",
    ),
    (
        "broker",
        "sbtransaction.sbtxcustid=sbcustomer.sbcustid sbtransaction.sbtxtickerid=sbticker.sbtickerid \
         sbdailyprice.sbdptickerid=sbticker.sbtickerid",
    ),
    (
        "geography",
        "city.state_name=state.state_name border_info.state_name=state.state_name highlow.state_name=state.state_name \
         lake.state_name=state.state_name mountain.state_name=state.state_name",
    ),
    (
        "restaurants",
        "location.restaurant_id=restaurant.id restaurant.city_name=geographic.city_name \
         location.city_name=geographic.city_name",
    ),
];

/// By table and column: the `table.column` it points at. Only such as the folder's files have.
pub(super) type References = BTreeMap<String, BTreeMap<String, String>>;

/// The keys of a database, whose CSV files lie in `folder`. None for one that is not known.
pub(super) fn of(database: &str, folder: &Path) -> Result<References, ImportError> {
    let known = KEYS.iter().find(|(name, _)| *name == database);
    let Some((_, keys)) = known else {
        return Ok(References::new());
    };
    let columns = columns(folder)?;
    let mut references = References::new();
    for (from, to) in keys.split_whitespace().filter_map(|key| key.split_once('=')) {
        if let Some((table, column)) = from.split_once('.')
            && columns.contains(from)
            && columns.contains(to)
        {
            let table = references.entry(table.to_owned()).or_default();
            table.insert(column.to_owned(), to.to_owned());
        }
    }
    Ok(references)
}

/// Every `table.column` of a folder's CSV files.
fn columns(folder: &Path) -> Result<BTreeSet<String>, ImportError> {
    let read = |source| ImportError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut columns = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let table = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.extension().is_none_or(|end| end != "csv") {
            continue;
        }
        let failed = |error: csv::Error| ImportError::Line {
            path: path.clone(),
            line: 1,
            reason: error.to_string(),
        };
        let mut reader = csv::Reader::from_path(&path).map_err(failed)?;
        let headers = reader.headers().map_err(failed)?;
        columns.extend(headers.iter().map(|column| format!("{table}.{column}")));
    }
    Ok(columns)
}

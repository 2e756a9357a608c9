//! What a capable model wrote about companies that nobody had tuned to, most figures by references: questions as people ask
//! them, the results, the model's drafts word for word (first ones, and those that it wrote after a repair note), and faults that
//! were planted in them by hand: an exchanged row, column, result, operand, total, date or name.
//!
//! Each draft counts twice: as it stands, and with all its figures as if the model had written the digits itself.

mod measure;
mod set;

/// Four veterinary clinics.
#[test]
fn the_clinics() {
    measure::hold(
        "readers/reached_clinic.txt",
        include_str!("clinic.json"),
        include_str!("reached_clinic.txt"),
    );
}

/// A rail freight company. It was held back: its notes were looked at when the work on the clinics was done.
#[test]
fn the_freight_company() {
    measure::hold(
        "readers/reached_freight.txt",
        include_str!("freight.json"),
        include_str!("reached_freight.txt"),
    );
}

//! Log lines, each named and shaped once.

//! A catalog, data and questions that give orders, and a model that obeys every one of them: what the program does
//! then is bounded by the gate, the grants, the guard and the rules for links, never by the model's good will.

mod attacks;
mod links;
mod obeying;
mod stage;

mod answers;
mod budgets;
mod cancel;
mod guard;
mod handles;
mod hostile;
mod prefix;
mod upstream;

mod answers;
mod budgets;
mod cancel;
mod guard;
mod hostile;
mod prefix;
mod upstream;

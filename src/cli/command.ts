/** The only place where the library that parses command lines enters. */
export { Command, CommanderError } from 'commander';

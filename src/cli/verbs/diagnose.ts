/** `ringmaster diagnose`: what is wrong, with the evidence and the next command. */
import type { Finding } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type Asker, withFleet } from '../fleet-door.ts';
import {
  type InspectorOptions,
  isElsewhere,
  TOKEN_OPTION,
  URL_OPTION,
} from '../inspector-address.ts';
import { print, printable, printData } from '../output.ts';

type DiagnoseOptions = InspectorOptions & { readonly output: string; readonly json?: boolean };
type Diagnosis = { readonly findings: readonly Finding[] };

/** Adds it. */
export function addDiagnose(program: Command): void {
  program
    .command('diagnose [service]')
    .description('what is wrong, with evidence and the next command')
    .option('-o, --output <form>', 'table or json', 'table')
    .option('--json', 'as -o json')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .action(async (service: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<DiagnoseOptions>();
      const output = options.json === true ? 'json' : options.output;
      if (output !== 'table' && output !== 'json') {
        throw new CommandError(EXIT.usage, `-o is ${output}; expected table or json.`);
      }
      const found = await withFleet(options, async (fleet) => [
        // A host tells of its fleet; the actors behind it are its inspector's.
        ...(service === undefined && isElsewhere(options) ? await ofSystem(fleet) : []),
        ...(await ofFleet(fleet, service)),
      ]);
      const findings = found.map((one) => ({ ...one, next: nextOf(one, options) }));
      if (output === 'json') await printData('json', 'Diagnosis', { findings });
      else print(findings.map(textOf).join('\n') || 'nothing is wrong that can be seen from here');
      if (findings.length > 0) process.exitCode = EXIT.degraded;
    });
}

async function ofSystem(asker: Asker): Promise<readonly Finding[]> {
  return (await asker.ask<Diagnosis>('System.diagnose')).findings;
}

async function ofFleet(asker: Asker, service: string | undefined): Promise<readonly Finding[]> {
  if (service === undefined && asker.knows?.('Fleet.diagnose') === false) return [];
  const params = service === undefined ? {} : { service };
  return (await asker.ask<Diagnosis>('Fleet.diagnose', params)).findings;
}

/** Verbs that can be told where to look. */
const LOOKS = /^ringmaster (?:describe|top|trace|why) /;

/** The same inspector is meant, and not the host of the folder that somebody happens to be in. */
function nextOf({ next }: Finding, { url, tokenFile }: InspectorOptions): string {
  if (url === undefined || tokenFile === undefined || !LOOKS.test(next)) return next;
  return `${next} --url ${quoted(url)} --token-file ${quoted(tokenFile)}`;
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w/.:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function textOf({ about, what, evidence, next }: Finding): string {
  const lines = [`${about}: ${what}`, ...evidence.map((one) => `    ${one}`), `    next: ${next}`];
  return lines.map(printable).join('\n');
}

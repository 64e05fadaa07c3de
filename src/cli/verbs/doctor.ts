/** `ringmaster doctor`: whether this machine has what a fleet needs, each point with its cure. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type CommonOptions, directoryOf } from '../host-door.ts';
import { print } from '../output.ts';

type Finding = { readonly what: string; readonly isGood: boolean; readonly cure: string };

const NODE_MIN = [20, 19] as const;
/** The kernel's structure for a socket's path. */
const SOCKET_BYTES_MAX = 107;

/** Adds it. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('whether this machine has what a fleet needs')
    .action(async (_, command: Command) => {
      const directory = directoryOf(command.optsWithGlobals<CommonOptions>());
      const findings = [
        nodeFinding(),
        procFinding(),
        directoryFinding(directory),
        socketFinding(directory),
        await loopbackFinding(),
        await storeFinding(),
      ];
      for (const { what, isGood, cure } of findings) {
        print(`${isGood ? 'ok  ' : 'BAD '} ${what}${isGood ? '' : `: ${cure}`}`);
      }
      if (findings.some(({ isGood }) => !isGood)) process.exitCode = EXIT.failed;
    });
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isGood = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  const cure = `install Node ${NODE_MIN.join('.')} or newer`;
  return { what: `Node ${process.versions.node}`, isGood, cure };
}

function procFinding(): Finding {
  const cure = 'instances that outlive their agent are not found again, nor is their memory seen';
  return { what: '/proc tells of processes', isGood: existsSync('/proc/self/stat'), cure };
}

function directoryFinding(directory: string): Finding {
  let isGood = true;
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch {
    isGood = false;
  }
  return { what: `${directory} can be written`, isGood, cure: 'name another one with -C' };
}

function socketFinding(directory: string): Finding {
  const path = join(directory, 'agent', 'agent.sock');
  const isGood = Buffer.byteLength(path) <= SOCKET_BYTES_MAX;
  return { what: 'its sockets have paths that fit', isGood, cure: 'use a directory nearer to /' };
}

function loopbackFinding(): Promise<Finding> {
  const what = 'ports can be opened on 127.0.0.1';
  return new Promise((resolve) => {
    const server = createServer();
    const cure = 'instances listen there; let them';
    server.once('error', () => resolve({ what, isGood: false, cure }));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve({ what, isGood: true, cure })));
  });
}

async function storeFinding(): Promise<Finding> {
  const what = 'the store can be loaded';
  try {
    await import('../../drivers/index.ts');
    return { what, isGood: true, cure: '' };
  } catch (error) {
    return { what, isGood: false, cure: `install again: ${String(error)}` };
  }
}

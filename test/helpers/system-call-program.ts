// Makes a tiny static program (ELF, x86-64) that does nothing but a list of system calls and writes what the kernel
// answered: Node alone cannot ask for most of them, and the sandbox has no other program to ask with.

export type SystemCall = {
  readonly number: number;
  readonly arguments?: readonly number[];
};

const loadAddress = 0x400000n;
const headersBytes = 64 + 56;
const resultBytes = 8;

/** `mov register, imm64` for the registers of the arguments in their order. */
const argumentMoves = [
  [0x48, 0xbf], // rdi
  [0x48, 0xbe], // rsi
  [0x48, 0xba], // rdx
  [0x49, 0xba], // r10
  [0x49, 0xb8], // r8
  [0x49, 0xb9], // r9
] as const;

/** The program's standard output is one little-endian 64-bit integer a call: the result, or the negated error number. */
export function systemCallProgram(calls: readonly SystemCall[]): Buffer {
  const bytes = calls.length * resultBytes;
  const code: number[] = [0x48, 0x81, 0xec, ...little(bytes, 4)]; // sub rsp, bytes
  calls.forEach((call, index) => {
    code.push(...systemCall(call));
    code.push(0x48, 0x89, 0x84, 0x24, ...little(index * resultBytes, 4)); // mov [rsp + …], rax
  });
  code.push(0x48, 0x89, 0xe6); // mov rsi, rsp
  code.push(...move([0x48, 0xba], bytes), ...move([0x48, 0xbf], 1), ...move([0x48, 0xb8], 1));
  code.push(0x0f, 0x05); // write(1, rsp, bytes)
  code.push(...systemCall({ number: 231, arguments: [0] })); // exit_group(0)
  return Buffer.concat([headers(code.length), Buffer.from(code)]);
}

/** The answers of such a program, from its output as text of two hexadecimal digits a byte. */
export function systemCallResults(hexadecimal: string): number[] {
  const bytes = Buffer.from(hexadecimal, 'hex');
  return Array.from({ length: bytes.byteLength / resultBytes }, (_, index) =>
    Number(bytes.readBigInt64LE(index * resultBytes)),
  );
}

function systemCall({ number, arguments: given = [] }: SystemCall): number[] {
  const code = move([0x48, 0xb8], number); // mov rax, number
  argumentMoves.forEach((opcode, index) => {
    code.push(...move(opcode, given[index] ?? 0));
  });
  return [...code, 0x0f, 0x05]; // syscall
}

function move(opcode: readonly number[], value: number): number[] {
  return [...opcode, ...little(value, 8)];
}

function little(value: number, bytes: number): number[] {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt(value));
  return [...buffer.subarray(0, bytes)];
}

function headers(codeBytes: number): Buffer {
  const header = Buffer.alloc(headersBytes);
  // 64 bits, little-endian, version 1.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(62, 18); // x86-64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(loadAddress + BigInt(headersBytes), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers begin here
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // one segment to load,
  header.writeUInt32LE(5, 68); // readable and executable
  header.writeBigUInt64LE(loadAddress, 80);
  header.writeBigUInt64LE(loadAddress, 88);
  header.writeBigUInt64LE(BigInt(headersBytes + codeBytes), 96);
  header.writeBigUInt64LE(BigInt(headersBytes + codeBytes), 104);
  header.writeBigUInt64LE(4096n, 112);
  return header;
}

// What a part of the host throws when it could not do what a program asked for. It becomes an error of the program.

/** `message` is for the program: it names things as the program wrote them, and nothing of the host. */
export class HostFailure extends Error {
  readonly type: 'IOError' | 'NetworkError' | 'PermissionError';

  constructor(type: HostFailure['type'], message: string) {
    super(message);
    this.type = type;
  }
}

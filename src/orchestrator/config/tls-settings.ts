// The certificate that the service shows its clients, where nothing in front of it does that.
import { Type } from 'typebox';

function file(description: string) {
  return Type.Optional(Type.String({ minLength: 1, description }));
}

export const tlsSettings = {
  tlsCertFile: file(
    'File with the service’s certificate and those between it and its authority, PEM. With it the service speaks HTTPS only. Needs `CELLAR_TLS_KEY_FILE`; read again when the file changes, and at SIGHUP.',
  ),
  tlsKeyFile: file('File with the private key of that certificate, PEM, without a password.'),
};

// The shape of all that the orchestrator may ask, compiled once. The build puts generated code in the place of this file
// (scripts/build-agent.ts): an agent then starts without loading a schema library.
import { Compile } from 'typebox/compile';
import {
  Command,
  ConfigureRequest,
  FilePart,
  FileReadRequest,
  FileRemoveRequest,
  FileStatusRequest,
  FilesRequest,
  FileWriteRequest,
  HelloRequest,
  InspectRequest,
  VariablesRequest,
} from '#protocol';

export const requestShapes = {
  hello: Compile(HelloRequest),
  configure: Compile(ConfigureRequest),
  command: Compile(Command),
  variables: Compile(VariablesRequest),
  inspect: Compile(InspectRequest),
  files: Compile(FilesRequest),
  fileStatus: Compile(FileStatusRequest),
  fileRead: Compile(FileReadRequest),
  filePart: Compile(FilePart),
  fileWrite: Compile(FileWriteRequest),
  fileRemove: Compile(FileRemoveRequest),
};

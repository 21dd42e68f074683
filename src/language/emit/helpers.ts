// The names by which emitted code knows the runtime. The runtime supplies exactly these; emitted code sees nothing else.

export const helperNames = [
  // operators
  'add',
  'concatenate',
  'subtract',
  'multiply',
  'divide',
  'remainder',
  'power',
  'negate',
  'plus',
  'less',
  'lessOrEqual',
  'greater',
  'greaterOrEqual',
  'equals',
  'identical',
  'typeName',
  // members
  'isArray',
  'getMember',
  'setMember',
  'getIndex',
  'setIndex',
  'slice',
  'iterate',
  // calls
  'callable',
  'letter',
  'method',
  'input',
  'dictionary',
  // variables
  'missing',
  'assign',
  'update',
  'define',
  'defineConstant',
  'constant',
  'star',
  // errors and control
  'raised',
  'caught',
  'passing',
  'errorOf',
  'exit',
  'poll',
  'loop',
  'deep',
  'statement',
  'ended',
  // modules
  'module',
  'importPath',
  'importItem',
  'importAll',
  'importFile',
  'requireModule',
  // classes and state
  'ObjectValue',
  'FunctionValue',
  'RegexValue',
  'UndecidedValue',
  'budget',
] as const;

export type HelperName = (typeof helperNames)[number];

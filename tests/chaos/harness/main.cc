#include "tests/chaos/harness/program.h"

int main(int argc, char** argv) { return cloudpos::chaos::RunProgram(argc, argv); }

// Real invoices through the gateway: ./pos replay FILE.

#include "tools/replay/command.h"

int main(int argc, char** argv) { return cloudpos::replay::RunCommand(argc, argv); }

// Boost.JSON is header-only here: its definitions are compiled once.
#include <boost/json/src.hpp>

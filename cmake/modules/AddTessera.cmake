# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# How every library, tool and unit test of Tessera is declared:
#
#   add_tessera_library(TesseraPatchIR
#     PatchDialect.cpp PatchOps.cpp
#     DEPENDS  TesseraPatchIRIncGen      # generated headers
#     LINK     TesseraPlanning           # other Tessera libraries
#     MLIR)                              # uses MLIR: include paths, libMLIR.so, PCH
#
# Libraries without the MLIR keyword are plain C++ (they may say LLVM to use
# libLLVM.so), so that they build quickly and under sanitizers.

include(GNUInstallDirs)

set(TESSERA_WARNING_FLAGS -Wall -Wextra -Wno-unused-parameter
  -Wno-missing-field-initializers)

define_property(GLOBAL PROPERTY TESSERA_LIBRARIES
  BRIEF_DOCS "All Tessera libraries" FULL_DOCS "All Tessera libraries")

# One precompiled header of MLIR's heaviest includes serves all MLIR users.
function(_tessera_mlir_pch target)
  if(NOT TARGET TesseraMLIRPCH)
    file(WRITE ${CMAKE_BINARY_DIR}/TesseraMLIRPCH.cpp
      "// Owner of the shared precompiled header.\n")
    add_library(TesseraMLIRPCH STATIC ${CMAKE_BINARY_DIR}/TesseraMLIRPCH.cpp)
    _tessera_common(TesseraMLIRPCH)
    _tessera_mlir_includes(TesseraMLIRPCH)
    target_precompile_headers(TesseraMLIRPCH PRIVATE
      ${PROJECT_SOURCE_DIR}/cmake/modules/MLIRPrecompiled.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM TesseraMLIRPCH)
  # Executables would be compiled with -fPIE, which the header was not.
  target_compile_options(${target} PRIVATE -fPIC)
endfunction()

function(_tessera_common target)
  target_compile_features(${target} PUBLIC cxx_std_17)
  target_compile_options(${target} PRIVATE ${TESSERA_WARNING_FLAGS})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

function(_tessera_mlir_includes target)
  # LLVM's own headers are built without NDEBUG-dependent layouts in release
  # packages; the flags below are the ones the packaged libraries were built with.
  target_include_directories(${target} SYSTEM PUBLIC
    ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_definitions(${target} PUBLIC _GNU_SOURCE NDEBUG
    __STDC_CONSTANT_MACROS __STDC_FORMAT_MACROS __STDC_LIMIT_MACROS)
  target_compile_options(${target} PRIVATE -fno-exceptions)
endfunction()

function(add_tessera_library name)
  cmake_parse_arguments(ARG "MLIR;LLVM" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  _tessera_common(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(ARG_LINK)
    target_link_libraries(${name} PUBLIC ${ARG_LINK})
  endif()
  if(ARG_MLIR)
    _tessera_mlir_includes(${name})
    _tessera_mlir_pch(${name})
    target_link_libraries(${name} PUBLIC MLIR LLVM)
  elseif(ARG_LLVM)
    _tessera_mlir_includes(${name})
    target_link_libraries(${name} PUBLIC LLVM)
  endif()
  set_property(GLOBAL APPEND PROPERTY TESSERA_LIBRARIES ${name})
  install(TARGETS ${name} EXPORT TesseraTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT tessera-dev)
endfunction()

function(add_tessera_tool name)
  cmake_parse_arguments(ARG "MLIR" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  _tessera_common(${name})
  _tessera_mlir_includes(${name})
  _tessera_mlir_pch(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
  set_target_properties(${name} PROPERTIES
    INSTALL_RPATH "${LLVM_LIBRARY_DIR}")
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# A GoogleTest binary; `ninja check-tessera-unit` runs all of them.
function(add_tessera_unittest name)
  cmake_parse_arguments(ARG "MLIR" "" "LINK" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  _tessera_common(${name})
  if(ARG_MLIR)
    _tessera_mlir_includes(${name})
    _tessera_mlir_pch(${name})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/Unit)
  add_test(NAME ${name} COMMAND ${name})
  set_property(GLOBAL APPEND PROPERTY TESSERA_UNIT_TESTS ${name})
endfunction()
